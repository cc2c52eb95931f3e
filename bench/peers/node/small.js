"use strict";
// Small documents carried over, for both peers of Node.

const sexes = { male: "m", female: "f" };
const genders = { m: "male", f: "female" };
const words = { m: "Homme", f: "Femme" };

class InvalidRecord extends Error {}

function upgrade(legacy) {
  if (!sexes[legacy?.gender]) throw new InvalidRecord();
  return {
    id: legacy.uuid,
    given_name: legacy.first_name,
    family_name: legacy.last_name,
    born_on: legacy.birth_date,
    postal_code: legacy.zip_code,
    external_id: legacy.reference,
    phone_number: legacy.phone,
    created_on: legacy.created_at,
    sex: sexes[legacy.gender],
    vaccinations: legacy.vaccinations,
  };
}

function downgrade(modern) {
  return {
    uuid: modern.id,
    first_name: modern.given_name,
    last_name: modern.family_name,
    birth_date: modern.born_on,
    zip_code: modern.postal_code,
    reference: modern.external_id,
    phone: modern.phone_number,
    created_at: modern.created_on,
    gender: genders[modern.sex],
    caption: `${words[modern.sex]}, ${modern.born_on}`,
    vaccinations: modern.vaccinations,
  };
}

const downgradeAll = (modern) =>
  Array.isArray(modern) ? modern.map(downgrade) : downgrade(modern);

module.exports = { upgrade, downgradeAll, InvalidRecord };
