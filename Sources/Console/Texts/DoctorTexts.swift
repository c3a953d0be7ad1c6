/// The doctor's page. What it finds is written where it is found.
struct DoctorTexts: Sendable {
    let title = "Doctor"
    let lead =
        "Looks at everything that can be wrong: settings, data folder, web server, certificate, clocks, and each "
        + "installation with both its sides. It changes nothing and sends no message."
    let look = "Look now"
    let again = "Look again"
    let patience = "It takes some seconds."
    let everything = "This byoc"
    let why = "Why it matters"
    let remedy = "What mends it"
    let good = "Good"
    let warning = "Warning"
    let error = "Wrong"

    func verdict(errors: Int, warnings: Int) -> String {
        guard errors + warnings > 0 else { return "Nothing is wrong." }
        let wrong = "\(errors) \(errors == 1 ? "thing is" : "things are") wrong"
        let warned = "\(warnings) \(warnings == 1 ? "warning" : "warnings")"
        return errors == 0
            ? "Nothing is wrong, but there \(warnings == 1 ? "is" : "are") \(warned)." : "\(wrong), \(warned)."
    }
}
