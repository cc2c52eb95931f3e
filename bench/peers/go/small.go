package main

import (
	"encoding/json"
	"errors"
)

type smallCommon struct {
	Vaccinations []smallVaccination `json:"vaccinations"`
}

type smallVaccination struct {
	ID      int    `json:"id"`
	Date    string `json:"date"`
	Vaccine struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	} `json:"vaccine"`
	Batch    string  `json:"batch"`
	Booster  bool    `json:"booster"`
	Comments *string `json:"comments"`
}

type smallModern struct {
	ID          string `json:"id"`
	GivenName   string `json:"given_name"`
	FamilyName  string `json:"family_name"`
	Sex         string `json:"sex"`
	BornOn      string `json:"born_on"`
	PostalCode  string `json:"postal_code"`
	ExternalID  string `json:"external_id"`
	PhoneNumber string `json:"phone_number"`
	CreatedOn   string `json:"created_on"`
	smallCommon
}

type smallLegacy struct {
	UUID      string `json:"uuid"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	BirthDate string `json:"birth_date"`
	ZipCode   string `json:"zip_code"`
	Reference string `json:"reference"`
	Phone     string `json:"phone"`
	CreatedAt string `json:"created_at"`
	Gender    string `json:"gender"`
	Caption   string `json:"caption"`
	smallCommon
}

var (
	smallSex    = map[string]string{"male": "m", "female": "f"}
	smallGender = map[string]string{"m": "male", "f": "female"}
	smallWord   = map[string]string{"m": "Homme", "f": "Femme"}
)

func upgradeSmall(data []byte) (any, error) {
	legacy := &smallLegacy{}
	if err := json.Unmarshal(data, legacy); err != nil {
		return nil, err
	}
	sex, known := smallSex[legacy.Gender]
	if !known {
		return nil, errors.New("unknown gender")
	}
	return &smallModern{
		ID:          legacy.UUID,
		GivenName:   legacy.FirstName,
		FamilyName:  legacy.LastName,
		Sex:         sex,
		BornOn:      legacy.BirthDate,
		PostalCode:  legacy.ZipCode,
		ExternalID:  legacy.Reference,
		PhoneNumber: legacy.Phone,
		CreatedOn:   legacy.CreatedAt,
		smallCommon: legacy.smallCommon,
	}, nil
}

func downgradeSmall(modern *smallModern) (*smallLegacy, error) {
	return &smallLegacy{
		UUID:        modern.ID,
		FirstName:   modern.GivenName,
		LastName:    modern.FamilyName,
		BirthDate:   modern.BornOn,
		ZipCode:     modern.PostalCode,
		Reference:   modern.ExternalID,
		Phone:       modern.PhoneNumber,
		CreatedAt:   modern.CreatedOn,
		Gender:      smallGender[modern.Sex],
		Caption:     smallWord[modern.Sex] + ", " + modern.BornOn,
		smallCommon: modern.smallCommon,
	}, nil
}
