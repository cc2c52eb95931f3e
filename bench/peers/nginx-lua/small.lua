-- Small documents, carried over.

local SEX = { male = "m", female = "f" }
local GENDER = { m = "male", f = "female" }
local WORD = { m = "Homme", f = "Femme" }

local function upgrade(legacy)
  local sex = SEX[legacy.gender]
  return sex and {
    id = legacy.uuid,
    given_name = legacy.first_name,
    family_name = legacy.last_name,
    born_on = legacy.birth_date,
    postal_code = legacy.zip_code,
    external_id = legacy.reference,
    phone_number = legacy.phone,
    created_on = legacy.created_at,
    sex = sex,
    vaccinations = legacy.vaccinations,
  }
end

local function downgrade(modern)
  return {
    uuid = modern.id,
    first_name = modern.given_name,
    last_name = modern.family_name,
    birth_date = modern.born_on,
    zip_code = modern.postal_code,
    reference = modern.external_id,
    phone = modern.phone_number,
    created_at = modern.created_on,
    gender = GENDER[modern.sex],
    caption = WORD[modern.sex] .. ", " .. modern.born_on,
    vaccinations = modern.vaccinations,
  }
end

return require("carrying")(upgrade, downgrade)
