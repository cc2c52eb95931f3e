// A translating gateway of the standard library's reverse proxy.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const prefix = "/api/v1/records"

type gateway struct {
	upgrade   func(legacy []byte) (any, error)
	downgrade func(modern []byte) ([]byte, error)
	proxy     *httputil.ReverseProxy
	log       *log.Logger
}

// recorded keeps the status for the access log.
type recorded struct {
	http.ResponseWriter
	status int
}

func (r *recorded) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	answer := &recorded{w, http.StatusOK}
	g.serve(answer, r)
	g.log.Printf("%s %s %d %d", r.Method, r.URL.Path, answer.status, time.Since(began).Microseconds())
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, prefix), ".json")
	if !strings.HasPrefix(r.URL.Path, prefix) || (path != "" && path[0] != '/') {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodPost {
		if err := g.upgradeBody(r); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	g.proxy.ServeHTTP(w, r)
}

func (g *gateway) upgradeBody(r *http.Request) error {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	modern, err := g.upgrade(data)
	if err != nil {
		return err
	}
	sent, err := json.Marshal(modern)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	r.ContentLength = int64(len(sent))
	r.Header.Set("Content-Length", strconv.Itoa(len(sent)))
	return nil
}

func (g *gateway) downgradeBody(response *http.Response) error {
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return nil
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	response.Body.Close()
	shown, err := g.downgrade(data)
	if err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(shown))
	response.ContentLength = int64(len(shown))
	response.Header.Set("Content-Length", strconv.Itoa(len(shown)))
	response.Header.Set("Content-Type", "application/json; charset=utf-8")
	return nil
}

func upgradeRecord(data []byte) (any, error) {
	legacy := &legacyIn{}
	if err := json.Unmarshal(data, legacy); err != nil {
		return nil, err
	}
	return legacy.upgrade()
}

// shownBy gives what shows one modern document, or a list of them.
func shownBy[Modern, Legacy any](
	downgrade func(*Modern) (*Legacy, error),
) func([]byte) ([]byte, error) {
	return func(data []byte) ([]byte, error) {
		if len(data) > 0 && data[0] == '[' {
			var records []Modern
			if err := json.Unmarshal(data, &records); err != nil {
				return nil, err
			}
			list := make([]*Legacy, len(records))
			for i := range records {
				var err error
				if list[i], err = downgrade(&records[i]); err != nil {
					return nil, err
				}
			}
			return json.Marshal(list)
		}
		record := new(Modern)
		if err := json.Unmarshal(data, record); err != nil {
			return nil, err
		}
		legacy, err := downgrade(record)
		if err != nil {
			return nil, err
		}
		return json.Marshal(legacy)
	}
}

func main() {
	upstream, err := url.Parse(os.Getenv("UPSTREAM"))
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.OpenFile(os.Getenv("ACCESS_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	g := &gateway{log: log.New(file, "", log.LstdFlags)}
	if os.Getenv("TRANSLATION") == "small" {
		g.upgrade, g.downgrade = upgradeSmall, shownBy(downgradeSmall)
	} else {
		tables, err := loadTables(os.Getenv("TABLES"))
		if err != nil {
			log.Fatal(err)
		}
		g.upgrade, g.downgrade = upgradeRecord, shownBy(tables.downgrade)
	}
	g.proxy = &httputil.ReverseProxy{
		Director: func(r *http.Request) {
			r.URL.Scheme, r.URL.Host = upstream.Scheme, upstream.Host
			path := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, prefix), ".json")
			r.URL.Path, r.URL.RawPath = "/health_records"+path, ""
			r.Host = upstream.Host
		},
		ModifyResponse: g.downgradeBody,
		Transport: &http.Transport{
			MaxIdleConns:        1024,
			MaxIdleConnsPerHost: 1024,
			IdleConnTimeout:     60 * time.Second,
			DisableCompression:  true,
		},
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), g))
}
