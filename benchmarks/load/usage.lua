-- GET of one address by many people in turn; TOKENS names a file with an access token in each line.
local requests, place = {}, 0
local path = os.getenv("TARGET") or "/tenant/usage?period=30d"

function init()
  for token in io.open(os.getenv("TOKENS")):lines() do
    table.insert(requests, wrk.format("GET", path, { ["authorization"] = "Bearer " .. token }))
  end
  place = math.floor(#requests * (thread_number or 0) / 7)
end

function request()
  place = place % #requests + 1
  return requests[place]
end
