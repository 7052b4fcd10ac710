-- Counts one request under all rates of a key, or under none when one of them refuses.
-- KEYS: for each rate a hash from slot number to requests.
-- ARGV: slots of a window; then for each rate its count and the microseconds of a slot.
-- Answer: for each rate the requests that count, the microseconds until another one is allowed (0: it was),
-- and the microseconds until none counts any more.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slots = tonumber(ARGV[1])
local rates = {}
local refused = false

for i, key in ipairs(KEYS) do
  local count, width = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local slot = math.floor(now / width)
  local held, over = {}, {}
  local used, newest = 0, nil
  local fields = redis.call('HGETALL', key)
  for j = 1, #fields, 2 do
    local at, requests = tonumber(fields[j]), tonumber(fields[j + 1])
    -- Over, or of a clock that has since gone back by more than a window.
    if at < slot - slots or at > slot + slots then
      over[#over + 1] = fields[j]
    else
      held[#held + 1] = {at, requests}
      used = used + requests
      if not newest or at > newest then newest = at end
    end
  end
  if #over > 0 then redis.call('HDEL', key, unpack(over)) end

  local wait = 0
  if used >= count then
    refused = true
    wait = slots * width -- a count of 0
    table.sort(held, function(a, b) return a[1] < b[1] end)
    local left = used
    for _, one in ipairs(held) do
      left = left - one[2]
      if left < count then
        wait = (one[1] + slots + 1) * width - now
        break
      end
    end
  end
  rates[i] = {key = key, width = width, slot = slot, used = used, newest = newest, wait = wait}
end

local answer = {}
for _, rate in ipairs(rates) do
  if not refused then
    redis.call('HINCRBY', rate.key, string.format('%.0f', rate.slot), 1)
    redis.call('PEXPIRE', rate.key, string.format('%.0f', math.ceil((slots + 1) * rate.width / 1000)))
    rate.used = rate.used + 1
    if not rate.newest or rate.slot > rate.newest then rate.newest = rate.slot end
  end
  answer[#answer + 1] = rate.used
  answer[#answer + 1] = rate.wait
  answer[#answer + 1] = rate.newest and (rate.newest + slots + 1) * rate.width - now or 0
end
return answer
