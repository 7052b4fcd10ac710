-- Load with a token; counts answers by status and by the side that gave them.
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init()
    counts = ""
    tally = {}
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("DRILL_TOKEN")
end

function response(status, headers)
    local side = headers["x-side"] or headers["X-Side"] or "-"
    local key = side .. " " .. status
    tally[key] = (tally[key] or 0) + 1
    -- Only plain values of a thread can be read at the end.
    local lines = {}
    for k, v in pairs(tally) do table.insert(lines, k .. " " .. v) end
    counts = table.concat(lines, "\n")
end

function done(summary)
    local errors = summary.errors
    print("drill errors " .. errors.connect + errors.read + errors.write + errors.timeout)
    for _, thread in ipairs(threads) do print((thread:get("counts"):gsub("([^\n]+)", "drill %1"))) end
end
