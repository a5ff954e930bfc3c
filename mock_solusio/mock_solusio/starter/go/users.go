//go:build ignore

// The SolusIO users of your customers, and their login: the adapter for `mock-solusio users check`.
//
//	go run users.go create 7      also update, suspend, unsuspend and delete
//	go run users.go login 7       prints the login link
//
// Environment: SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_CA_FILE, SOLUSIO_CUSTOMERS, SOLUSIO_EMAIL. Customers come from
// the file SOLUSIO_CUSTOMERS: replace customer with a query to your database. docs/users.md of mock-solusio explains
// each event.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const attempts = 4

// SolusioError says that SolusIO refused a request. If it is lost, SolusIO may or may not have done it: look before
// you repeat it.
type SolusioError struct {
	text   string
	status int
	lost   bool
}

func (e *SolusioError) Error() string { return e.text }

// Document is a decoded JSON object.
type Document = map[string]any

var client *http.Client

func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if file := os.Getenv("SOLUSIO_CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		authorities := x509.NewCertPool()
		if err != nil || !authorities.AppendCertsFromPEM(pem) {
			fail(fmt.Errorf("%s is not a PEM file with certificates", file))
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: authorities}
	}
	// The access token is for SolusIO alone.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: stay}
}

// send returns the status (0: no response; -1: nothing was sent), the body, and the seconds of Retry-After or -1.
func send(method, path string, body Document) (int, []byte, int) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			fail(err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, os.Getenv("SOLUSIO_URL")+"/api/v1/"+path, content)
	if err != nil {
		fail(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SOLUSIO_ACCESS_TOKEN"))
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "example-billing/1.0")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return -1, nil, -1
	}
	if err != nil {
		return 0, nil, -1
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, -1
	}
	wait, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil {
		wait = -1
	}
	return response.StatusCode, text, wait
}

// call sends a request, again if that does no harm, and returns the document of the response.
func call(method, path string, body Document) (Document, error) {
	for attempt := 1; ; attempt++ {
		status, text, wait := send(method, path, body)
		var document Document
		parsed := json.Unmarshal(text, &document) == nil
		arrived := status > 0 && status < 500 && (status >= 400 || status == 204 || parsed)
		if arrived && status < 300 {
			return document, nil
		}
		refusedForNow := status == 429 || (status == 503 && wait >= 0)
		// A POST that got no response may have made something: repeat it only if it did nothing.
		repeatable := refusedForNow || status == -1 || (!arrived && method != "POST")
		if !repeatable || attempt == attempts || wait > 30 {
			what := fmt.Sprintf("%s %s: status %d", method, path, status)
			if status <= 0 {
				what = fmt.Sprintf("%s %s: no response", method, path)
			}
			lost := method == "POST" && status != -1 && !arrived && !refusedForNow
			if details, _ := json.Marshal(document["errors"]); !lost && document["errors"] != nil {
				what += ": " + string(details)
			}
			return nil, &SolusioError{what, status, lost}
		}
		pause := 500 * time.Millisecond << (attempt - 1)
		if wait >= 0 {
			pause = time.Duration(wait) * time.Second
		}
		time.Sleep(pause)
	}
}

// customer returns a customer of the billing system; nil if they are gone.
func customer(number int64) (Document, error) {
	text, err := os.ReadFile(os.Getenv("SOLUSIO_CUSTOMERS"))
	if err != nil {
		return nil, err
	}
	var document struct{ Customers []Document }
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	for _, one := range document.Customers {
		if int64(one["billing_user_id"].(float64)) == number {
			return one, nil
		}
	}
	return nil, nil
}

// profile returns what the user of a customer is made from; SolusIO chooses the others.
func profile(number int64) (Document, error) {
	row, err := customer(number)
	if err != nil {
		return nil, err
	}
	if row == nil { // somebody who comes back
		row = Document{"email": os.Getenv("SOLUSIO_EMAIL")}
	}
	found := Document{}
	for _, name := range []string{"email", "language_id", "limit_group_id"} {
		if row[name] != nil {
			found[name] = row[name]
		}
	}
	return found, nil
}

// find returns the user of a customer, by billing_user_id; nil if there is none. Never staff.
func find(number int64) (Document, error) {
	query := url.Values{"filter[billing_user_id]": {strconv.FormatInt(number, 10)}, "per_page": {"100"}}
	path := "users?" + query.Encode()
	for path != "" {
		page, err := call("GET", path, nil)
		if err != nil {
			return nil, err
		}
		for _, row := range page["data"].([]any) {
			user := row.(Document)
			id, given := user["billing_user_id"].(float64)
			if !given || int64(id) != number {
				continue
			}
			for _, role := range user["roles"].([]any) {
				if role.(Document)["name"] == "ADMIN" {
					return nil, fmt.Errorf("SolusIO user %v is an administrator, not a customer", user["id"])
				}
			}
			return user, nil
		}
		next, _ := page["links"].(Document)["next"].(string)
		path = ""
		if _, query, found := strings.Cut(next, "?"); found {
			path = "users?" + query
		}
	}
	return nil, nil
}

// findOrMake returns the user of a customer. After each failure, it looks: another request may have made them.
func findOrMake(number int64) (Document, error) {
	user, err := find(number)
	for attempt := 1; user == nil && err == nil; attempt++ {
		fields, failed := profile(number)
		if failed != nil {
			return nil, failed
		}
		password := make([]byte, 16)
		if _, err := rand.Read(password); err != nil {
			return nil, err
		}
		fields["billing_user_id"], fields["status"] = number, "active"
		fields["password"] = hex.EncodeToString(password)
		made, failed := call("POST", "users", fields)
		if failed == nil {
			return made["data"].(Document), nil
		}
		var refused *SolusioError
		errors.As(failed, &refused)
		if refused.lost || refused.status == 422 {
			user, err = find(number)
		}
		if user == nil && err == nil && (!refused.lost || attempt == 3) {
			return nil, failed
		}
	}
	return user, err
}

// change sends what differs, if anything does.
func change(user, wanted Document) error {
	changes := Document{}
	for name, value := range wanted {
		if user[name] != value {
			changes[name] = value
		}
	}
	if len(changes) == 0 {
		return nil
	}
	_, err := call("PUT", fmt.Sprintf("users/%v", user["id"]), changes)
	return err
}

func update(number int64) (string, error) {
	user, err := findOrMake(number)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"language", "limit_group"} {
		if object, given := user[name].(Document); given {
			user[name+"_id"] = object["id"]
		}
	}
	wanted, err := profile(number)
	if err != nil {
		return "", err
	}
	return "", change(user, wanted)
}

func status(wanted string) func(int64) (string, error) {
	return func(number int64) (string, error) {
		user, err := findOrMake(number)
		if err != nil {
			return "", err
		}
		return "", change(user, Document{"status": wanted})
	}
}

func remove(number int64) (string, error) {
	user, err := find(number)
	if err != nil || user == nil {
		return "", err
	}
	_, err = call("DELETE", fmt.Sprintf("users/%v", user["id"]), nil)
	var refused *SolusioError
	if errors.As(err, &refused) && refused.status == 404 {
		return "", nil // somebody was faster, or the response to our first request was lost
	}
	return "", err
}

// login returns a link that logs the customer in once. Redirect to it at once: it is worth a password.
func login(number int64) (string, error) {
	row, err := customer(number)
	if err == nil && row == nil {
		err = fmt.Errorf("there is no customer %d", number)
	}
	if err != nil {
		return "", err
	}
	user, err := findOrMake(number)
	for attempt := 1; err == nil; attempt++ {
		made, failed := call("POST", fmt.Sprintf("users/%v/tokens", user["id"]), Document{"is_one_time": true})
		if failed == nil {
			token := made["data"].(Document)["access_token"].(string)
			return os.Getenv("SOLUSIO_URL") + "/auth/by_token/" + url.PathEscape(token), nil
		}
		// Nobody has seen a token that was lost: asking for another does no harm.
		var refused *SolusioError
		if !errors.As(failed, &refused) || !refused.lost || attempt == 3 {
			return "", failed
		}
	}
	return "", err
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "users.go: %v\n", err)
	os.Exit(1)
}

func main() {
	events := map[string]func(int64) (string, error){
		"create": update, "update": update, "delete": remove, "login": login,
		"suspend": status("suspended"), "unsuspend": status("active"),
	}
	if len(os.Args) != 3 || events[os.Args[1]] == nil {
		fail(errors.New("usage: create, update, suspend, unsuspend, delete or login, and the number of a customer"))
	}
	number, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		fail(err)
	}
	client = newClient()
	output, err := events[os.Args[1]](number)
	if err != nil {
		fail(err)
	}
	fmt.Print(output)
}
