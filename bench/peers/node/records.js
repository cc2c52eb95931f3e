"use strict";
// Records carried over, for both peers of Node. Local time is that of the process (TZ).

const fs = require("node:fs");

const toModern = { male: "m", female: "f" };
const genders = { m: "male", f: "female" };
const captions = { m: "Homme", f: "Femme" };
const routes = {
  intramuscular: "IM",
  subcutaneous: "SQ",
  intradermal: "IDINJ",
  intranasal: "NASINHL",
  oral: "PO",
};
const sites = { left_deltoid: "LD", right_deltoid: "RD", left_thigh: "LT", right_thigh: "RT" };
const methods = { execution: "execution", proof: "proof" };
const noVaccine = { id: null, name: null, cip_codes: [], ucd_code: "", diseases: [], valences: [] };

const tables = JSON.parse(fs.readFileSync(process.env.TABLES, "utf8"));
const vaccines = new Map(Object.entries(tables.vaccines));
const vaccinations = new Map(Object.entries(tables.vaccinations));
const professionals = new Map(Object.entries(tables.professionals));

class InvalidRecord extends Error {}

const two = (number) => (number < 10 ? `0${number}` : `${number}`);

function localTime(utc) {
  if (utc == null) return null;
  const at = new Date(utc);
  const offset = -at.getTimezoneOffset();
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const sign = offset < 0 ? "-" : "+";
  const minutes = Math.abs(offset);
  return `${day}T${time}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

const dayOf = (text) => [+text.slice(0, 4), +text.slice(5, 7), +text.slice(8, 10)];

function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()];
}

function age(born, day) {
  const months = (day[0] - born[0]) * 12 + day[1] - born[1] - (day[2] < born[2] ? 1 : 0);
  if (months < 0) return null;
  return months < 24 ? `${months} mois` : `${Math.floor(months / 12)} ans`;
}

function upgrade(legacy) {
  const { first_name, last_name, birth_name, birth_date, gender, zip_code } = legacy ?? {};
  if (!first_name || !last_name || !birth_date || !toModern[gender]) throw new InvalidRecord();
  const crossed = birth_name && birth_name !== last_name;
  return {
    first_name,
    last_name: crossed ? birth_name : last_name,
    customary_name: crossed ? last_name : null,
    birth_date,
    zip_code,
    gender: toModern[gender],
  };
}

function validation(act) {
  if (act.certified_on == null) return null;
  const id = act.certificator_id;
  return {
    validator:
      id == null
        ? null
        : { id: professionals.get(id) ?? null, name: null, first_name: null, last_name: null },
    date: act.certified_on,
    method: methods[act.certification_method] ?? null,
  };
}

function vaccination(act, born, created_at, updated_at) {
  return {
    id: vaccinations.get(act.id) ?? null,
    created_at,
    updated_at,
    vaccine: act.vaccine_id == null ? null : (vaccines.get(act.vaccine_id) ?? noVaccine),
    date: act.performed_on,
    age: act.performed_on == null ? null : age(born, dayOf(act.performed_on)),
    batch: act.batch_number ?? "",
    injection_route: routes[act.injection_method] ?? null,
    injection_site: sites[act.injection_location] ?? null,
    creator: null,
    validation: validation(act),
    booster: Boolean(act.booster),
    comments: null,
  };
}

function downgrade(modern) {
  const created = localTime(modern.created_at);
  const updated = localTime(modern.updated_at);
  const born = dayOf(modern.birth_date);
  const { last_name, customary_name } = modern;
  const crossed = customary_name && customary_name !== last_name;
  const said = age(born, today());
  const shared = (modern.sharing_requests ?? []).some(({ status }) => status === "ACCEPTED");
  return {
    created_at: created,
    updated_at: updated,
    uuid: modern.id,
    birth_date: modern.birth_date,
    gender: genders[modern.gender] ?? null,
    email: null,
    home_phone: null,
    mobile_phone: null,
    last_name: crossed ? customary_name : last_name,
    first_name: modern.first_name,
    birth_name: crossed ? last_name : "",
    caption: said === null ? null : `${captions[modern.gender] ?? "Personne"} de ${said}`,
    place_of_birth: null,
    department_of_birth: null,
    zip_code: modern.zip_code,
    ins_c: null,
    sharing_status: shared ? "shared_record" : "private_record",
    vaccinations: (modern.vaccination_acts ?? []).map((act) =>
      vaccination(act, born, created, updated),
    ),
    health_profile: { condition_ids: [] },
  };
}

const downgradeAll = (modern) =>
  Array.isArray(modern) ? modern.map(downgrade) : downgrade(modern);

module.exports = { upgrade, downgradeAll, InvalidRecord };
