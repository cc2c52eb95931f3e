package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

type legacyIn struct {
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	BirthName *string `json:"birth_name"`
	BirthDate string  `json:"birth_date"`
	Gender    string  `json:"gender"`
	ZipCode   *string `json:"zip_code"`
}

type modernIn struct {
	FirstName     string  `json:"first_name"`
	LastName      string  `json:"last_name"`
	CustomaryName *string `json:"customary_name"`
	BirthDate     string  `json:"birth_date"`
	ZipCode       *string `json:"zip_code,omitempty"`
	Gender        string  `json:"gender"`
}

type modernAct struct {
	ID                  string  `json:"id"`
	PerformedOn         *string `json:"performed_on"`
	CertifiedOn         *string `json:"certified_on"`
	CertificationMethod *string `json:"certification_method"`
	CertificatorID      *string `json:"certificator_id"`
	VaccineID           *string `json:"vaccine_id"`
	BatchNumber         *string `json:"batch_number"`
	InjectionMethod     *string `json:"injection_method"`
	InjectionLocation   *string `json:"injection_location"`
	Booster             *bool   `json:"booster"`
}

type modernRecord struct {
	ID              string  `json:"id"`
	FirstName       string  `json:"first_name"`
	LastName        string  `json:"last_name"`
	CustomaryName   *string `json:"customary_name"`
	Gender          string  `json:"gender"`
	BirthDate       string  `json:"birth_date"`
	ZipCode         *string `json:"zip_code"`
	SharingRequests []struct {
		Status *string `json:"status"`
	} `json:"sharing_requests"`
	VaccinationActs []modernAct `json:"vaccination_acts"`
	CreatedAt       string      `json:"created_at"`
	UpdatedAt       string      `json:"updated_at"`
}

type named struct {
	ID   *int    `json:"id"`
	Name *string `json:"name"`
}

type vaccine struct {
	ID       *int     `json:"id"`
	Name     *string  `json:"name"`
	CipCodes []string `json:"cip_codes"`
	UcdCode  string   `json:"ucd_code"`
	Diseases []named  `json:"diseases"`
	Valences []named  `json:"valences"`
}

type user struct {
	ID        *int    `json:"id"`
	Name      *string `json:"name"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
}

type validation struct {
	Validator *user   `json:"validator"`
	Date      string  `json:"date"`
	Method    *string `json:"method"`
}

type legacyVaccination struct {
	ID             *int        `json:"id"`
	CreatedAt      string      `json:"created_at"`
	UpdatedAt      string      `json:"updated_at"`
	Vaccine        *vaccine    `json:"vaccine"`
	Date           *string     `json:"date"`
	Age            *string     `json:"age"`
	Batch          string      `json:"batch"`
	InjectionRoute *string     `json:"injection_route"`
	InjectionSite  *string     `json:"injection_site"`
	Creator        *user       `json:"creator"`
	Validation     *validation `json:"validation"`
	Booster        bool        `json:"booster"`
	Comments       *string     `json:"comments"`
}

type healthProfile struct {
	ConditionIDs []int `json:"condition_ids"`
}

type legacyRecord struct {
	CreatedAt         string              `json:"created_at"`
	UpdatedAt         string              `json:"updated_at"`
	UUID              string              `json:"uuid"`
	BirthDate         string              `json:"birth_date"`
	Gender            *string             `json:"gender"`
	Email             *string             `json:"email"`
	HomePhone         *string             `json:"home_phone"`
	MobilePhone       *string             `json:"mobile_phone"`
	LastName          string              `json:"last_name"`
	FirstName         string              `json:"first_name"`
	BirthName         string              `json:"birth_name"`
	Caption           *string             `json:"caption"`
	PlaceOfBirth      *string             `json:"place_of_birth"`
	DepartmentOfBirth *int                `json:"department_of_birth"`
	ZipCode           *string             `json:"zip_code"`
	InsC              *string             `json:"ins_c"`
	SharingStatus     string              `json:"sharing_status"`
	Vaccinations      []legacyVaccination `json:"vaccinations"`
	HealthProfile     healthProfile       `json:"health_profile"`
}

type tables struct {
	Vaccines      map[string]*vaccine `json:"vaccines"`
	Vaccinations  map[string]int      `json:"vaccinations"`
	Professionals map[string]int      `json:"professionals"`
}

var (
	errInvalid  = errors.New("the record is not valid")
	paris       = mustLoad("Europe/Paris")
	toModern    = map[string]string{"male": "m", "female": "f"}
	genders     = words("m", "male", "f", "female")
	captions    = map[string]string{"m": "Homme", "f": "Femme"}
	methods     = words("execution", "execution", "proof", "proof")
	sites       = words("left_deltoid", "LD", "right_deltoid", "RD", "left_thigh", "LT", "right_thigh", "RT")
	routes      = words("intramuscular", "IM", "subcutaneous", "SQ", "intradermal", "IDINJ", "intranasal", "NASINHL", "oral", "PO")
	noVaccine   = &vaccine{CipCodes: []string{}, Diseases: []named{}, Valences: []named{}}
	noCondition = healthProfile{ConditionIDs: []int{}}
)

func words(pairs ...string) map[string]*string {
	made := map[string]*string{}
	for i := 0; i < len(pairs); i += 2 {
		made[pairs[i]] = &pairs[i+1]
	}
	return made
}

func mustLoad(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func loadTables(path string) (*tables, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	loaded := &tables{}
	return loaded, json.Unmarshal(data, loaded)
}

func word(table map[string]*string, code *string) *string {
	if code == nil {
		return nil
	}
	return table[*code]
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func number(table map[string]int, id string) *int {
	if found, ok := table[id]; ok {
		return &found
	}
	return nil
}

func localTime(utc string) (string, error) {
	instant, err := time.Parse(time.RFC3339, utc)
	if err != nil {
		return "", err
	}
	return instant.In(paris).Format("2006-01-02T15:04:05-07:00"), nil
}

func age(born, day time.Time) *string {
	months := (day.Year()-born.Year())*12 + int(day.Month()) - int(born.Month())
	if day.Day() < born.Day() {
		months--
	}
	if months < 0 {
		return nil
	}
	said := fmt.Sprintf("%d ans", months/12)
	if months < 24 {
		said = fmt.Sprintf("%d mois", months)
	}
	return &said
}

func (legacy *legacyIn) upgrade() (*modernIn, error) {
	gender, known := toModern[legacy.Gender]
	if !known || legacy.FirstName == "" || legacy.LastName == "" || legacy.BirthDate == "" {
		return nil, errInvalid
	}
	modern := &modernIn{
		FirstName: legacy.FirstName,
		LastName:  legacy.LastName,
		BirthDate: legacy.BirthDate,
		ZipCode:   legacy.ZipCode,
		Gender:    gender,
	}
	if atBirth := text(legacy.BirthName); atBirth != "" && atBirth != legacy.LastName {
		modern.LastName, modern.CustomaryName = atBirth, &legacy.LastName
	}
	return modern, nil
}

func (t *tables) downgrade(modern *modernRecord) (*legacyRecord, error) {
	created, err := localTime(modern.CreatedAt)
	if err != nil {
		return nil, err
	}
	updated, err := localTime(modern.UpdatedAt)
	if err != nil {
		return nil, err
	}
	born, err := time.Parse("2006-01-02", modern.BirthDate)
	if err != nil {
		return nil, err
	}
	legacy := &legacyRecord{
		CreatedAt:     created,
		UpdatedAt:     updated,
		UUID:          modern.ID,
		BirthDate:     modern.BirthDate,
		Gender:        genders[modern.Gender],
		LastName:      modern.LastName,
		FirstName:     modern.FirstName,
		ZipCode:       modern.ZipCode,
		SharingStatus: "private_record",
		Vaccinations:  make([]legacyVaccination, len(modern.VaccinationActs)),
		HealthProfile: noCondition,
	}
	if inUse := text(modern.CustomaryName); inUse != "" && inUse != modern.LastName {
		legacy.LastName, legacy.BirthName = inUse, modern.LastName
	}
	if said := age(born, time.Now().In(paris)); said != nil {
		name, known := captions[modern.Gender]
		if !known {
			name = "Personne"
		}
		sentence := name + " de " + *said
		legacy.Caption = &sentence
	}
	for _, request := range modern.SharingRequests {
		if text(request.Status) == "ACCEPTED" {
			legacy.SharingStatus = "shared_record"
		}
	}
	for i := range modern.VaccinationActs {
		t.vaccination(&modern.VaccinationActs[i], &legacy.Vaccinations[i], born, created, updated)
	}
	return legacy, nil
}

func (t *tables) vaccination(act *modernAct, shown *legacyVaccination, born time.Time, created, updated string) {
	*shown = legacyVaccination{
		ID:             number(t.Vaccinations, act.ID),
		CreatedAt:      created,
		UpdatedAt:      updated,
		Date:           act.PerformedOn,
		Batch:          text(act.BatchNumber),
		InjectionRoute: word(routes, act.InjectionMethod),
		InjectionSite:  word(sites, act.InjectionLocation),
		Booster:        act.Booster != nil && *act.Booster,
	}
	if act.VaccineID != nil {
		if shown.Vaccine = t.Vaccines[*act.VaccineID]; shown.Vaccine == nil {
			shown.Vaccine = noVaccine
		}
	}
	if act.PerformedOn != nil {
		if day, err := time.Parse("2006-01-02", *act.PerformedOn); err == nil {
			shown.Age = age(born, day)
		}
	}
	if act.CertifiedOn != nil {
		shown.Validation = &validation{Date: *act.CertifiedOn, Method: word(methods, act.CertificationMethod)}
		if act.CertificatorID != nil {
			shown.Validation.Validator = &user{ID: number(t.Professionals, *act.CertificatorID)}
		}
	}
}
