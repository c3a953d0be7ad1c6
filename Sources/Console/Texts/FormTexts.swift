struct FormTexts: Sendable {
    let optional = "(optional)"
    let kept = "Saved. Leave blank to keep."
    let next = "Continue"
    let cancel = "Cancel"
    let correct = "Please correct:"
    let missing = "Required."

    func wrong(_ problem: String) -> String { problem.capitalisedSentence }

    func refused(by side: String, _ problem: String, _ remedy: String) -> String {
        "\(side): \(problem.finishedSentence) \(remedy)"
    }
}

extension String {
    /// The text with a capital letter in front and a full stop behind.
    var capitalisedSentence: String { (prefix(1).uppercased() + dropFirst()).finishedSentence }

    /// The text with a full stop behind, unless it ends in a mark of its own.
    var finishedSentence: String {
        guard let last, !".!?:".contains(last) else { return self }
        return self + "."
    }
}
