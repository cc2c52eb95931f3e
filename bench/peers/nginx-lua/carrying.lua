-- A request carried over: decoded and encoded by cjson, and called by ngx.location.capture.

local cjson = require "cjson"

local byte, find, sub = string.byte, string.find, string.sub
local BACKSLASH = byte("\\")

-- Plain lua-cjson writes an empty array as {}. No legacy object is empty, so each {} that follows
-- a name is one; within a text the quote before the colon would have a backslash.
local function with_empty_arrays(body)
  local parts, count, from = {}, 0, 1
  local at = find(body, "{}", 1, true)
  while at do
    local named = sub(body, at - 2, at - 1) == '":' and byte(body, at - 3) ~= BACKSLASH
    local array = at == 1 or named
    count = count + 1
    parts[count] = sub(body, from, at - 1) .. (array and "[]" or "{}")
    from = at + 2
    at = find(body, "{}", from, true)
  end
  parts[count + 1] = sub(body, from)
  return table.concat(parts)
end

-- What carries one request, given the translation of a document each way.
return function(upgrade, downgrade)
  local function carry(path)
    local options
    if ngx.req.get_method() == "POST" then
      ngx.req.read_body()
      local read, legacy = pcall(cjson.decode, ngx.req.get_body_data())
      local modern = read and type(legacy) == "table" and upgrade(legacy)
      if not modern then
        return ngx.exit(422)
      end
      options = { method = ngx.HTTP_POST, body = cjson.encode(modern) }
    end
    local answer = ngx.location.capture(path, options)
    ngx.status = answer.status
    if answer.status ~= 200 and answer.status ~= 201 then
      return ngx.print(answer.body)
    end
    local modern = cjson.decode(answer.body)
    local legacy
    if find(answer.body, "^%s*%[") then
      legacy = {}
      for place, record in ipairs(modern) do
        legacy[place] = downgrade(record)
      end
    else
      legacy = downgrade(modern)
    end
    local body = with_empty_arrays(cjson.encode(legacy))
    ngx.header["Content-Length"] = #body
    ngx.print(body)
  end

  return { carry = carry }
end
