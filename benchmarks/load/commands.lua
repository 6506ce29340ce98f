-- Health checks, each a command of its own; TOKEN is that of one of the staff.
local headers = { ["authorization"] = "Bearer " .. os.getenv("TOKEN"), ["content-type"] = "application/json" }
local text = wrk.format("POST", "/internal/operations/commands", headers, '{"command_type":"HEALTH_CHECK"}')

function request()
  return text
end

function response(status, headers, body)
  if status == 201 then counters.given = (counters.given or 0) + 1 else print(status, body:sub(1, 200)) end
end
