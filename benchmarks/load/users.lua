-- People at their dashboards: each does one thing after another with 1 to 3 seconds of thought in between. Their open
-- page asks for its changing part as its scripts do: when its stream tells of a change, and else every half minute. Beside them agents send events, and some people sign in anew. wrk's connections have no identity: what is due
-- next is taken from one list by whichever is free, and the trace id, which every answer repeats, tells whose answer it
-- is. Latency counts from the moment a thing was due.
-- USERS names a file of: cookie, client address, company, e-mail. KEYS: an API key in each line. BOARD is shared with
-- harness/streams.py, which holds the streams: pages that each person opened, when the last was made, and how often
-- their stream told of a change.
local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long s; long ns; } bench_time; int clock_gettime(int, bench_time *);
  int open(const char *, int, ...); void *mmap(void *, size_t, int, int, int, long);
]])
local READ_WRITE, BOTH, SHARED = 2, 3, 1
local clock = ffi.new("bench_time")
local WARM_MS, LOGINS_PER_S = tonumber(os.getenv("WARM_S")) * 1000, tonumber(os.getenv("LOGINS_PER_S"))
local PASSWORD, AGENT, RUN = os.getenv("PASSWORD"), os.getenv("AGENT"), os.getenv("RUN")
local EVENTS, SLOWLY_MS, SPREAD_MS, LOOK_MS = 25, 30000, 400, 5
local opened, made_at, told, looked = nil, nil, nil, 0
local users, keys, begun, batches, logins = {}, {}, nil, 0, 0
local heap, held, flying, numbers = {}, {}, {}, 0

local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock.s) * 1000 + tonumber(clock.ns) / 1e6
end

local function push(list, event)
  local at = #list + 1
  list[at] = event
  while at > 1 do
    local above = math.floor(at / 2)
    if list[above].due <= list[at].due then break end
    list[above], list[at] = list[at], list[above]
    at = above
  end
end

local function pop(list)
  local first, last = list[1], table.remove(list)
  if #list > 0 then
    list[1] = last
    local at = 1
    while true do
      local least = at
      for below = 2 * at, 2 * at + 1 do
        if list[below] and list[below].due < list[least].due then least = below end
      end
      if least == at then break end
      list[least], list[at] = list[at], list[least]
      at = least
    end
  end
  return first
end

local function count(name, amount) counters[name] = (counters[name] or 0) + (amount or 1) end
local function think() return 1000 + math.random() * 2000 end

function init()
  math.randomseed(7)
  for line in io.open(os.getenv("USERS")):lines() do
    local cookie, address, company, email = line:match("^(%S+)\t(%S+)\t([^\t]+)\t(%S+)$")
    local place = #users
    users[place + 1] = { cookie = cookie, address = address, company = company, email = email, place = place, told = 0 }
  end
  local size, file = #users * 4, ffi.C.open(os.getenv("BOARD"), READ_WRITE)
  opened = ffi.cast("uint32_t *", ffi.C.mmap(nil, 3 * size, BOTH, SHARED, file, 0))
  made_at, told = opened + #users, opened + 2 * #users
  for key in io.open(os.getenv("KEYS")):lines() do table.insert(keys, key) end
  begun = now()
  for _, user in ipairs(users) do push(heap, { due = begun + math.random() * WARM_MS / 2, user = user, kind = "page" }) end
  for _, key in ipairs(keys) do push(heap, { due = begun + math.random() * 3000, key = key, kind = "ingest" }) end
  if LOGINS_PER_S > 0 then push(heap, { due = begun + 1000 / LOGINS_PER_S, kind = "login" }) end
end

local function ask(user, due)
  if not user.live or user.asks then return end
  user.asks = true
  push(heap, { due = due, user = user, kind = "live" })
end

-- Whose page asks for its part now.
local function look()
  local moment = now()
  if moment - looked < LOOK_MS then return end
  looked = moment
  for place, user in ipairs(users) do
    if told[place - 1] ~= user.told then
      user.told = told[place - 1]
      ask(user, moment + math.random() * SPREAD_MS)
    elseif user.live and moment - user.asked >= SLOWLY_MS then
      ask(user, moment)
    end
  end
end

function delay()
  local event = pop(heap)
  if event == nil then event = { due = now() + 500, kind = "idle" } end
  push(held, event)
  return math.max(0, math.floor(event.due - now() + 0.5))
end

local function batch()
  local events = {}
  batches = batches + 1
  for place = 1, EVENTS do
    events[place] = string.format(
      '{"specversion":"1.0","type":"agent.request","source":"/bench","id":"%s-%d-%d","data":{"agent":"%s",' ..
      '"status":"success","response_time_ms":%d,"input_tokens":412,"output_tokens":96}}',
      RUN, batches, place, AGENT, 200 + (batches * place) % 3000)
  end
  return "[" .. table.concat(events, ",") .. "]"
end

local PERIODS = { "30d", "30d", "30d", "30d", "30d", "30d", "7d", "90d" }
local made = {
  page = function() return "GET", "/app/dashboard?period=" .. PERIODS[math.random(#PERIODS)] end,
  live = function(event)
    local user = event.user
    user.asks, user.asked, event.page = false, now(), opened[user.place]
    return "GET", user.live .. "&seen=" .. user.seen
  end,
  usage = function() return "GET", "/tenant/usage?period=" .. PERIODS[math.random(#PERIODS)] end,
  agents = function() return "GET", "/tenant/agents" end,
  incidents = function() return "GET", "/tenant/incidents" end,
  ingest = function(event)
    count("begun", EVENTS)
    return "POST", "/v1/events", "application/cloudevents-batch+json", batch()
  end,
  login = function(event)
    logins = logins + 1
    event.user = users[(logins * 7) % #users + 1]
    return "GET", "/login"
  end,
  form = function(event)
    local body = string.format("_csrf=%s&email=%s&password=%s", event.token, event.user.email:gsub("@", "%%40"), PASSWORD)
    return "POST", "/login", "application/x-www-form-urlencoded", body
  end,
  idle = function() return "GET", "/health/live" end,
}

function request()
  local event = pop(held)
  if event == nil then return wrk.format("GET", "/health/live") end -- wrk tries the script once, and sends nothing.
  numbers = numbers + 1
  flying[numbers] = event
  local method, path, media, body = made[event.kind](event)
  local headers = {
    ["traceparent"] = string.format("00-%032x-00000000000000aa-01", numbers),
    ["accept-language"] = "pt-BR",
    ["content-type"] = media,
  }
  if event.key then
    headers["authorization"] = "Bearer " .. event.key
  elseif event.user then
    headers["x-forwarded-for"] = event.user.address
    if event.kind == "form" then headers["cookie"] = "csrf=" .. event.seed
    elseif event.kind ~= "login" then headers["cookie"] = "session=" .. event.user.cookie end
  end
  return wrk.format(method, path, headers, body)
end

local ACTIONS = { "page", "usage", "agents", "incidents" }
local taken = {
  page = function(event, body)
    local user = event.user
    user.seen, user.asked = body:match('name="seen" value="(%x+)"'), now()
    user.live = (body:match('hx%-get="([^"]+)" hx%-include="#seen"') or "/missing"):gsub("&amp;", "&")
    made_at[user.place] = tonumber(body:match('data%-made="(%d+)"') or 0)
    opened[user.place] = opened[user.place] + 1
    return user.seen ~= nil and body:find(">" .. user.company .. " / </span>", 1, true) ~= nil
  end,
  live = function(event, body, status)
    local seen = status == 200 and body:match('name="seen" value="(%x+)"')
    if seen and event.page == opened[event.user.place] then event.user.seen = seen end
    return status == 204 or seen
  end,
  usage = function(event, body) return body:sub(1, 10) == '{"period":' end,
  agents = function(event, body) return body:sub(1, 11) == '{"agents":[' end,
  incidents = function(event, body) return body:sub(1, 14) == '{"incidents":[' end,
  ingest = function(event, body, status)
    count("events", EVENTS)
    return status < 300
  end,
  login = function(event, body, status, headers)
    local token, cookies = body:match('name="_csrf" value="(%x+)"'), headers["set-cookie"] or ""
    push(heap, { due = now(), user = event.user, kind = "form", token = token, seed = cookies:match("csrf=([^;]+)") })
    return token ~= nil
  end,
  form = function(event, body, status, headers)
    local cookie = (headers["set-cookie"] or ""):match("session=([^;]+)")
    if cookie then event.user.cookie = cookie end
    return status == 303 and cookie ~= nil
  end,
  idle = function() return true end,
}

function response(status, headers, body)
  local number = tonumber(headers["x-trace-id"]:sub(-12), 16)
  local event, ended = flying[number], now()
  flying[number] = nil
  look()
  local good = status < 400 and taken[event.kind](event, body, status, headers)
  if event.kind == "login" then push(heap, { due = event.due + 1000 / LOGINS_PER_S, kind = "login" }) end
  if event.kind == "idle" then return end
  if ended - begun >= WARM_MS then
    if status >= 400 then count("refused") elseif not good then count("wrong " .. event.kind) end
    count(string.format("%s:%d", event.kind, math.min(10000, math.floor(ended - event.due))))
  end
  if event.key then
    push(heap, { due = ended + think(), key = event.key, kind = "ingest" })
  elseif event.kind ~= "live" and event.kind ~= "login" and event.kind ~= "form" then
    push(heap, { due = ended + think(), user = event.user, kind = ACTIONS[math.random(#ACTIONS)] })
  end
end
