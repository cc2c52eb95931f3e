-- Records of six vaccinations, carried over.

local cjson = require "cjson"
local null = cjson.null

local GENDER = { male = "m", female = "f" }
local GENDER_SHOWN = { m = "male", f = "female" }
local CAPTION = { m = "Homme", f = "Femme" }
local ROUTES = {
  intramuscular = "IM", subcutaneous = "SQ", intradermal = "IDINJ", intranasal = "NASINHL",
  oral = "PO",
}
local SITES = {
  left_deltoid = "LD", right_deltoid = "RD", left_thigh = "LT", right_thigh = "RT",
}
local METHODS = { execution = "execution", proof = "proof" }
local NO_VACCINE = {
  id = null, name = null, cip_codes = {}, ucd_code = "", diseases = {}, valences = {},
}

local byte, find, format, sub = string.byte, string.find, string.format, string.sub
local floor = math.floor

local function read_tables()
  local file = assert(io.open(os.getenv("TABLES")))
  local tables = cjson.decode(file:read("*a"))
  file:close()
  return tables
end

local tables = read_tables()
local vaccines, vaccinations = tables.vaccines, tables.vaccinations
local professionals = tables.professionals

local function present(value)
  return value ~= nil and value ~= null and value ~= ""
end

local function two(text, at)
  local tens, ones = byte(text, at, at + 1)
  return (tens - 48) * 10 + ones - 48
end

local function date(text)
  return two(text, 1) * 100 + two(text, 3), two(text, 6), two(text, 9)
end

local DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function days_of(year, month)
  if month == 2 and year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0) then
    return 29
  end
  return DAYS[month]
end

-- The day of the last Sunday of March or October, which have 31 days.
local function last_sunday(year, month)
  local before = year - 1
  local day = month == 3 and 90 or 304
  if days_of(year, 2) == 29 then
    day = day + 1
  end
  local weekday = (before + floor(before / 4) - floor(before / 100) + floor(before / 400) + day) % 7
  return 31 - weekday
end

-- Summer time in the European Union: from and to 01:00 UTC.
local function offset(year, month, day, hour)
  if month < 3 or month > 10 then
    return 1
  end
  if month > 3 and month < 10 then
    return 2
  end
  local turn = last_sunday(year, month)
  local passed = day > turn or (day == turn and hour >= 1)
  return (month == 3) == passed and 2 or 1
end

local function local_time(utc)
  local year, month, day = date(utc)
  local hour = two(utc, 12)
  local ahead = offset(year, month, day, hour)
  hour = hour + ahead
  if hour >= 24 then
    hour, day = hour - 24, day + 1
    if day > days_of(year, month) then
      day, month = 1, month + 1
      if month > 12 then
        year, month = year + 1, 1
      end
    end
  end
  return format("%04d-%02d-%02dT%02d%s+%02d:00", year, month, day, hour, sub(utc, 14, 19), ahead)
end

local function age(born_year, born_month, born_day, year, month, day)
  local months = (year - born_year) * 12 + month - born_month
  if day < born_day then
    months = months - 1
  end
  if months < 0 then
    return nil
  end
  if months < 24 then
    return months .. " mois"
  end
  return floor(months / 12) .. " ans"
end

local function upgrade(legacy)
  local in_use, at_birth = legacy.last_name, legacy.birth_name
  local gender = GENDER[legacy.gender]
  if not (present(legacy.first_name) and present(in_use) and present(legacy.birth_date) and gender)
  then
    return nil
  end
  local crossed = present(at_birth) and at_birth ~= in_use
  return {
    first_name = legacy.first_name,
    last_name = crossed and at_birth or in_use,
    customary_name = crossed and in_use or null,
    birth_date = legacy.birth_date,
    zip_code = legacy.zip_code,
    gender = gender,
  }
end

local function validation(act)
  if act.certified_on == null then
    return null
  end
  local who = act.certificator_id
  return {
    validator = who == null and null or {
      id = professionals[who] or null, name = null, first_name = null, last_name = null,
    },
    date = act.certified_on,
    method = METHODS[act.certification_method] or null,
  }
end

local function downgrade(modern)
  local created, updated = local_time(modern.created_at), local_time(modern.updated_at)
  local born_year, born_month, born_day = date(modern.birth_date)
  local name, in_use = modern.last_name, modern.customary_name
  local crossed = present(in_use) and in_use ~= name
  local status = "private_record"
  for _, request in ipairs(modern.sharing_requests) do
    if request.status == "ACCEPTED" then
      status = "shared_record"
    end
  end
  local now = local_time(os.date("!%Y-%m-%dT%H:%M:%S", ngx.time()))
  local said = age(born_year, born_month, born_day, date(now))
  local shown = {}
  for place, act in ipairs(modern.vaccination_acts) do
    local performed = act.performed_on
    local at = performed ~= null and age(born_year, born_month, born_day, date(performed))
    shown[place] = {
      id = vaccinations[act.id] or null,
      created_at = created,
      updated_at = updated,
      vaccine = act.vaccine_id == null and null or vaccines[act.vaccine_id] or NO_VACCINE,
      date = performed,
      age = at or null,
      batch = act.batch_number ~= null and act.batch_number or "",
      injection_route = ROUTES[act.injection_method] or null,
      injection_site = SITES[act.injection_location] or null,
      creator = null,
      validation = validation(act),
      booster = act.booster == true,
      comments = null,
    }
  end
  return {
    created_at = created,
    updated_at = updated,
    uuid = modern.id,
    birth_date = modern.birth_date,
    gender = GENDER_SHOWN[modern.gender] or null,
    email = null,
    home_phone = null,
    mobile_phone = null,
    last_name = crossed and in_use or name,
    first_name = modern.first_name,
    birth_name = crossed and name or "",
    caption = said and (CAPTION[modern.gender] or "Personne") .. " de " .. said or null,
    place_of_birth = null,
    department_of_birth = null,
    zip_code = modern.zip_code,
    ins_c = null,
    sharing_status = status,
    vaccinations = shown,
    health_profile = { condition_ids = {} },
  }
end

return require("carrying")(upgrade, downgrade)
