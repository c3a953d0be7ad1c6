/// The frame of the doctor's page. The findings bring their own words.
struct DoctorTexts: Sendable {
    let title = "Doctor"
    let lead = "Checks the server and every installation. Read-only."
    let look = "Run checks"
    let again = "Run again"
    let patience = "Takes a few seconds."
    let everything = "Server"
    let why = "Why it matters"
    let remedy = "Fix"
    let replaceCredential = "Replace credential"
    let viewMessages = "View messages"
    let good = "OK"
    let warning = "Warning"
    let error = "Error"

    func verdict(errors: Int, warnings: Int) -> String {
        guard errors + warnings > 0 else { return "No problems found." }
        let wrong = errors == 0 ? "No errors" : counted(Int64(errors), "error")
        return warnings == 0 ? wrong + "." : "\(wrong), \(counted(Int64(warnings), "warning"))."
    }
}
