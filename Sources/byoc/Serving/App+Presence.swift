import Foundation
import Glibc

extension App {
    /// Makes sure that there is a data store, before a command opens it.
    ///
    /// A command that only reads or changes a store must not create one: with missing settings or a mistyped folder it
    /// would report that nothing waits, while messages wait elsewhere.
    ///
    /// - Throws: ``CommandFailure`` with the folder that was checked.
    static func checkStore(of settings: Settings) throws(CommandFailure) {
        let folder = absolutePath(settings.dataDirectory)
        var status = stat()
        guard stat(folder + "/byoc.sqlite", &status) != 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw CommandFailure(
                "The data store in \(folder) can't be accessed: \(String(cString: strerror(errno)))",
                remedy: "Run the command as the user that byoc runs as: sudo -u byoc byoc …")
        }
        if let file = settings.unreadFile {
            throw CommandFailure(
                "There is no data store in \(folder), and this user can't read \(file).",
                remedy: "Run the command as the user that byoc runs as: sudo -u byoc byoc …")
        }
        throw CommandFailure(
            "There is no data store in \(folder).",
            remedy:
                "Run with the workers' settings: --env-file /etc/byoc/env, or --data-dir FOLDER. Only `byoc serve` and "
                + "`byoc install` create a data store.")
    }

    /// A path as it is shown: one from the working folder on says little in an error.
    static func absolutePath(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
