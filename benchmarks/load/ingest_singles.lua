-- One CloudEvent in each request, each event once; KEYS names a file with a credential in each line.
local keys, heads = {}, {}
local run, count = os.getenv("RUN"), 0
local body = '{"specversion":"1.0","type":"agent.request","source":"urn:agente","id":"evento-' .. run .. '-%d-%d",' ..
  '"data":{"agent":"agente-%d","status":"success","response_time_ms":%d,"input_tokens":412,"output_tokens":96,' ..
  '"model":"gpt-4o-mini","cost":1900,"currency":"BRL"}}'
local agents = tonumber(os.getenv("AGENTS"))

function init()
  for key in io.open(os.getenv("KEYS")):lines() do
    table.insert(heads, { ["authorization"] = "Bearer " .. key, ["content-type"] = "application/cloudevents+json" })
  end
end

function request()
  count = count + 1
  local event = string.format(body, thread_number, count, count % agents + 1, 100 + count * 37 % 3000)
  return wrk.format("POST", "/v1/events", heads[count % #heads + 1], event)
end

function response(status, headers, body)
  if status == 200 then
    counters.accepted = (counters.accepted or 0) + tonumber(string.match(body, '"accepted":(%d+)'))
  end
end
