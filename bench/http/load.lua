-- What wrk sends: wrk … -s load.lua URL -- TOKENS MODE [PATH…]
-- Every request comes from another of the people whose tokens stand in the file TOKENS, one a line.
-- MODE get: the paths in turn ({n} stands for a number from 1 to 200); post: the second PATH is the body; create:
-- new annual predictions.
-- Prints the figures as one line of JSON.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local headers, paths, mode, count = {}, {}, nil, 0
local body = '{"company_symbol":"B%dX%dX%d","company_name":"Benchmark %d","market_cap":1200.5,"sector":"Energy",'
    .. '"reporting_year":"2024","long_term_debt_to_total_capital":%.2f,"total_debt_to_ebitda":2.3,'
    .. '"net_income_margin":8.2,"ebit_to_interest_expense":12.5,"return_on_assets":%.2f}'

function init(args)
    for token in io.lines(args[1]) do
        table.insert(headers, { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" })
    end
    mode = args[2]
    for i = 3, #args do table.insert(paths, args[i]) end
    -- Threads begin with different people, and runs with different companies.
    count = number * 37
    run = os.time() % 100000
    math.randomseed(number + 1)
end

function request()
    count = count + 1
    local who = headers[count % #headers + 1]
    if mode == "create" then
        local filled = string.format(body, run, number, count, count, math.random() * 100, math.random() * 30 - 5)
        return wrk.format("POST", paths[1], who, filled)
    end
    if mode == "post" then return wrk.format("POST", paths[1], who, paths[2]) end
    local path = paths[count % #paths + 1]:gsub("{n}", tostring(math.random(200)))
    return wrk.format("GET", path, who)
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format('{"requests":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f,"max":%.3f,"failed":%d,"refused":%d}',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        latency.max / 1e3, errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
