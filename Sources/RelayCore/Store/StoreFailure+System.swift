import Glibc

extension StoreFailure {
    /// A refusal of the operating system, in its own words. To be made right after the call, before `errno` changes.
    package static func system(_ problem: String, _ kind: Kind = .unavailable) -> StoreFailure {
        let code = errno
        let advice =
            switch code {
            case ENOSPC, EDQUOT: " Make room on the disk."
            case EACCES, EPERM: " Give the data folder to the user that the workers run as."
            case EROFS: " The file system is mounted read-only: choose a data folder that can be written."
            case ENOENT: " See that the folder it is in exists."
            case EMFILE, ENFILE: " Raise the limit of open files."
            default: ""
            }
        return StoreFailure(kind, "\(problem): \(String(cString: strerror(code))).\(advice)")
    }
}
