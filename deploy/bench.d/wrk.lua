-- Sends each webhook of a file once: a line is its signature, a space, its body. Prints the results as one line of JSON.
-- To be run with one thread, so that nothing is sent twice: wrk -t1 -c64 -d5 -s wrk.lua URL -- FILE
local lines, start, exhausted

function init(arguments)
    lines = assert(io.open(arguments[1])):lines()
    start = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
        .. "\r\nContent-Type: application/json\r\nX-Viber-Content-Signature: "
end

function request()
    local line = lines()
    if not line then
        io.stderr:write("There were too few webhooks in the file.\n")
        os.exit(1)
    end
    local body = line:sub(66)
    return start .. line:sub(1, 64) .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
    local errors = summary.errors
    io.stdout:write(string.format(
        '\n{"answers": %d, "refused": %d, "broken": %d, "seconds": %f, '
            .. '"p50_us": %d, "p99_us": %d, "p999_us": %d, "max_us": %d}\n',
        summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        summary.duration / 1e6, latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
end
