/// A responder's limits and time-outs.
package struct ResponderConfiguration: Sendable {
    /// The number of concurrent requests; one thread each, at least 1.
    package var threads: Int
    /// The largest body that a handler receives, in bytes. A larger one gets 413.
    package var bodyLimit: Int
    /// How much of a body that nobody wants is read and thrown away, in bytes, so that the web server, which is still
    /// sending, comes to read the answer. Past it the answer goes out first and the rest is cut off.
    package var discardLimit: Int
    /// How long the web server may pause within one request or answer before byoc drops it.
    package var peerTimeout: Duration
    /// How long an accepted connection may stay silent before its first request, in drain too.
    ///
    /// libfcgi's own figure is 2 seconds (os_unix.c, `is_af_unix_keeper`).
    package var greetingTimeout: Duration
    /// How long a kept connection may stay idle. Longer than nginx's `keepalive_timeout` (60 s), so that nginx,
    /// which can't lose a request by it, is the one to close.
    package var idleTimeout: Duration
    /// Addresses that may connect over TCP; empty allows all. `FCGI_WEB_SERVER_ADDRS` of the FastCGI
    /// specification (1.0 §3.2) is the usual source.
    package var webServerAddresses: Set<String>

    /// The defaults are those of the product; `webServerAddresses` allows all.
    package init(
        threads: Int = 8,
        bodyLimit: Int = 4 << 20,
        discardLimit: Int = 64 << 20,
        peerTimeout: Duration = .seconds(60),
        greetingTimeout: Duration = .seconds(2),
        idleTimeout: Duration = .seconds(300),
        webServerAddresses: Set<String> = []
    ) {
        self.threads = max(1, threads)
        self.bodyLimit = max(0, bodyLimit)
        self.discardLimit = max(0, discardLimit)
        self.peerTimeout = peerTimeout
        self.greetingTimeout = greetingTimeout
        self.idleTimeout = idleTimeout
        self.webServerAddresses = webServerAddresses
    }

    /// The addresses in a value of `FCGI_WEB_SERVER_ADDRS`: separated by commas.
    package static func webServerAddresses(in list: String) -> Set<String> {
        Set(list.split { $0 == "," || $0 == " " }.map(String.init))
    }
}
