package import HTTPTypes

/// Routes by method and path pattern. A pattern's `{name}` matches one segment, which arrives decoded, so that ids with
/// `/`, `+` and `=` can be part of a path.
package struct RouteTable<Action: Sendable>: Sendable {
    /// What a request's method and path lead to.
    package enum Match {
        case found(name: String, parameters: [String: String], action: Action)
        case wrongMethod(allowed: [HTTPRequest.Method])
        case none
    }

    private struct Route: Sendable {
        let method: HTTPRequest.Method
        let segments: [String]
        let name: String
        let action: Action
    }

    private let prefix: String
    private var routes: [Route] = []

    /// - Parameter prefix: what all paths begin with; it is no part of the routes' names.
    package init(prefix: String = "") {
        self.prefix = prefix
    }

    /// Adds a route. Its name, `METHOD pattern`, is what faults and the log use.
    package mutating func add(_ method: HTTPRequest.Method, _ pattern: String, _ action: Action) {
        routes.append(
            Route(
                method: method, segments: (prefix + pattern).split(separator: "/").map(String.init),
                name: "\(method.rawValue) \(pattern)", action: action))
    }

    package func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        let segments = path.split(separator: "/")
        var allowed: [HTTPRequest.Method] = []
        for route in routes where route.segments.count == segments.count {
            guard let parameters = Self.parameters(route.segments, segments) else { continue }
            if route.method == method { return .found(name: route.name, parameters: parameters, action: route.action) }
            allowed.append(route.method)
        }
        return allowed.isEmpty ? .none : .wrongMethod(allowed: allowed)
    }

    private static func parameters(_ pattern: [String], _ path: [Substring]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (expected, actual) in zip(pattern, path) {
            if expected.hasPrefix("{") {
                parameters[String(expected.dropFirst().dropLast())] = APIRequest.decode(actual)
            } else if expected != actual {
                return nil
            }
        }
        return parameters
    }
}
