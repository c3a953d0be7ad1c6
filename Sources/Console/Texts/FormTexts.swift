struct FormTexts: Sendable {
    let optional = "(optional)"
    let kept = "Entered; leave empty to keep it"
    let next = "Continue"
    let cancel = "Cancel"
    let correct = "Please correct:"
    let missing = "This is needed."

    func wrong(_ problem: String) -> String { problem.capitalisedSentence }

    func refused(by side: String, _ problem: String, _ remedy: String) -> String {
        "\(side): \(problem.finishedSentence) \(remedy)"
    }
}

extension String {
    /// With a capital letter in front and a full stop behind.
    var capitalisedSentence: String { (prefix(1).uppercased() + dropFirst()).finishedSentence }

    var finishedSentence: String {
        guard let last, !".!?:".contains(last) else { return self }
        return self + "."
    }
}
