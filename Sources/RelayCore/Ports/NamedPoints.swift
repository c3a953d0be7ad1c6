#if BYOC_NAMED_POINTS
    import FoundationEssentials
    import Glibc

    /// The points that are armed, as files of a folder that all processes share.
    ///
    /// | file | is |
    /// |---|---|
    /// | `armed/POINT` | an order: the signal's number, how often the point is to be passed before, and perhaps a word |
    /// | `taken/POINT.PID` | the order while one process looks at it |
    /// | `held/PID` | a process that waits at a point, for as long as the file is there |
    /// | `hits/POINT.PID.MS` | what was carried out: the point, the process, the time in ms, the signal, the subject, a line each |
    ///
    /// An order is taken by renaming it, so exactly one process carries it out; a point that isn't armed costs one failed
    /// system call. The number 0 stands for no signal: the passing thread waits there. With a word in it, an order is about those passes only whose subject has the word in it.
    package struct NamedPoints: Sendable {
        /// The environment variable that names the folder; without it no point does anything.
        package static let key = "BYOC_NAMED_POINTS_DIR"

        /// Of this process; `nil`: the variable isn't set.
        static let shared: NamedPoints? = getenv(key).map { NamedPoints(folder: String(cString: $0)) }

        private let folder: String

        package init(folder: String) { self.folder = folder }

        /// Takes the point's order, if there is one and it is due, and leaves the record of it.
        ///
        /// - Returns: the signal that this process is to get.
        package func take(_ point: NamedPoint, subject: String) -> Int32? {
            let armed = "\(folder)/armed/\(point)"
            let taken = "\(folder)/taken/\(point).\(getpid())"
            guard rename(armed, taken) == 0 else { return nil }
            let order = (try? String(contentsOfFile: taken, encoding: .utf8))?.split(whereSeparator: \.isWhitespace)
            guard let order, order.count >= 2, let signal = Int32(order[0]), let passes = Int(order[1]) else {
                return nil
            }
            let word = order.dropFirst(2).first
            if let word, !subject.split(separator: " ").contains(word) {
                _ = rename(taken, armed)
                return nil
            }
            if passes > 0 {
                write("\(signal) \(passes - 1) \(word ?? "")", to: taken)
                _ = rename(taken, armed)
                return nil
            }
            if signal == 0 { write("", to: held) }
            let time = Int64(Date().timeIntervalSince1970 * 1000)
            write("\(point)\n\(getpid())\n\(time)\n\(signal)\n\(subject)\n", to: taken)
            // Renamed when it is whole, so that nobody reads half of it.
            _ = rename(taken, "\(folder)/hits/\(point).\(getpid()).\(time)")
            return signal
        }

        /// SIGKILL never returns; after a SIGSTOP this goes on.
        func raise(_ signal: Int32) {
            guard signal == 0 else { return _ = kill(getpid(), signal) }
            // The thread is held up, and not only the task: what hangs, hangs.
            while access(held, F_OK) == 0 { usleep(2000) }
        }

        private var held: String { "\(folder)/held/\(getpid())" }

        private func write(_ text: String, to path: String) {
            try? Data(text.utf8).write(to: URL(filePath: path))
        }
    }
#endif
