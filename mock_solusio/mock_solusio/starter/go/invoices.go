//go:build ignore

// A month of SolusIO's usage as invoices: the adapter for `mock-solusio invoices check`.
//
//	go run invoices.go customers FILE       saves the customers of a scenario and their prices
//	go run invoices.go bill 2026-03         creates the invoices of a month
//	go run invoices.go invoices 2026-03     prints them
//
// Environment: BILLING_DATABASE, SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_PERIOD (the month), SOLUSIO_JOB. The file
// BILLING_DATABASE stands for your database: it is for one process at a time, so each job of --jobs has its own (the second
// one BILLING_DATABASE-2). An invoice has one amount here, its total; docs/invoices.md of mock-solusio shows how discounts
// and taxes are printed.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

const attempts = 5

// Pricing is what the endpoint answers; a json.Number keeps all its digits.
type Pricing struct {
	Cost     json.Number `json:"user_token_unit_cost"`
	Currency struct {
		Code     string `json:"code"`
		Decimals int    `json:"decimals"`
	} `json:"currency"`
}

// Usage is a line of /usage.
type Usage struct {
	ID       json.RawMessage `json:"id"`
	Customer *int64          `json:"billing_user_id"`
	Server   string          `json:"server_name"`
	Resource string          `json:"resource"`
	Plan     struct {
		Name string `json:"name"`
	} `json:"plan"`
	Hours  int64  `json:"hours"`
	Charge string `json:"charge"`
	Tokens int64  `json:"tokens"`
}

// Page is a page of /usage.
type Page struct {
	Data  []Usage `json:"data"`
	Links struct {
		Next *string `json:"next"`
	} `json:"links"`
	Meta struct {
		Closed bool   `json:"closed"`
		Until  string `json:"metered_until"`
		Totals struct {
			Lines  int   `json:"lines"`
			Tokens int64 `json:"tokens"`
		} `json:"totals"`
	} `json:"meta"`
}

// Line is a line of an invoice.
type Line struct {
	Server   string `json:"server"`
	Resource string `json:"resource"`
	Plan     string `json:"plan"`
	Hours    int64  `json:"hours"`
	Charge   string `json:"charge"`
	Tokens   int64  `json:"tokens"`
}

// Invoice is what invoices prints.
type Invoice struct {
	Number   int    `json:"number"`
	Customer int64  `json:"billing_user_id"`
	Period   string `json:"period"`
	Currency string `json:"currency"`
	Lines    []Line `json:"lines"`
	Total    string `json:"total"`
}

// Books is the content of BILLING_DATABASE.
type Books struct {
	Customers map[int64]Pricing `json:"customers"`
	Invoices  []Invoice         `json:"invoices"`
}

// get returns a page of SolusIO. It waits and tries again while SolusIO is busy or down.
func get(address string) (Page, error) {
	// The access token is for SolusIO alone.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Timeout: time.Minute, CheckRedirect: stay}
	for attempt := 1; ; attempt++ {
		var page Page
		wait := 1 << (attempt - 1)
		request, err := http.NewRequest("GET", address, nil)
		if err != nil {
			return page, err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("SOLUSIO_ACCESS_TOKEN"))
		request.Header.Set("Accept", "application/json")
		response, err := client.Do(request)
		if err == nil {
			if response.StatusCode == 200 {
				err = json.NewDecoder(response.Body).Decode(&page)
			} else {
				err = fmt.Errorf("status %d", response.StatusCode)
			}
			response.Body.Close()
			if err == nil {
				return page, nil
			}
			if response.StatusCode >= 300 && response.StatusCode < 500 && response.StatusCode != 429 {
				attempt = attempts
			}
			if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil && seconds < 1000 {
				wait = seconds
			}
		}
		if attempt >= attempts {
			return page, fmt.Errorf("SolusIO did not return the usage: %w", err)
		}
		time.Sleep(time.Duration(wait) * time.Second)
	}
}

// usage returns all usage lines of a month; it refuses a month that is not over, or was read incompletely.
func usage(period string) ([]Usage, error) {
	from, err := time.Parse("2006-01", period)
	if err != nil {
		return nil, err
	}
	query := url.Values{
		"from": {from.Format(time.RFC3339)}, "to": {from.AddDate(0, 1, 0).Format(time.RFC3339)}, "per_page": {"1000"},
	}
	var lines []Usage
	var tokens int64
	seen := map[string]bool{}
	next := os.Getenv("SOLUSIO_URL") + "/api/v1/usage?" + query.Encode()
	for {
		page, err := get(next)
		if err != nil {
			return nil, err
		}
		for _, line := range page.Data {
			if !seen[string(line.ID)] {
				seen[string(line.ID)] = true
				lines = append(lines, line)
				tokens += line.Tokens
			}
		}
		if page.Links.Next != nil {
			next = *page.Links.Next
			continue
		}
		if !page.Meta.Closed {
			return nil, fmt.Errorf("%s is not over: metered until %s", period, page.Meta.Until)
		}
		if len(lines) != page.Meta.Totals.Lines || tokens != page.Meta.Totals.Tokens {
			return nil, errors.New("the lines do not match the totals of SolusIO; run it again")
		}
		return lines, nil
	}
}

// amount returns tokens x unit cost, exact, rounded once, half away from zero.
func amount(tokens int64, cost json.Number, decimals int) (string, error) {
	exact, ok := new(big.Rat).SetString(string(cost))
	if !ok {
		return "", fmt.Errorf("%s is not a decimal such as 0.00091", cost)
	}
	return exact.Mul(exact, new(big.Rat).SetInt64(tokens)).FloatString(decimals), nil
}

func database() string {
	file := os.Getenv("BILLING_DATABASE")
	if job := os.Getenv("SOLUSIO_JOB"); job != "" && job != "1" {
		file += "-" + job
	}
	return file
}

func read() (Books, error) {
	books := Books{Customers: map[int64]Pricing{}}
	text, err := os.ReadFile(database())
	if errors.Is(err, os.ErrNotExist) || (err == nil && len(text) == 0) {
		return books, nil
	}
	if err != nil {
		return books, err
	}
	return books, json.Unmarshal(text, &books)
}

func keep(books Books) error {
	file := database()
	text, err := json.Marshal(books)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// customers saves customers and deletes their invoices of earlier checks, but not of months before SOLUSIO_PERIOD: this is
// a test database.
func customers(books Books, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document struct {
		Customers []struct {
			ID      int64   `json:"billing_user_id"`
			Pricing Pricing `json:"pricing"`
		} `json:"customers"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return err
	}
	for _, customer := range document.Customers {
		books.Customers[customer.ID] = customer.Pricing
		var kept []Invoice
		for _, invoice := range books.Invoices {
			if invoice.Customer != customer.ID || invoice.Period < os.Getenv("SOLUSIO_PERIOD") {
				kept = append(kept, invoice)
			}
		}
		books.Invoices = kept
	}
	return keep(books)
}

// bill creates the missing invoices of a month. What belongs to no customer is said, not billed.
func bill(books Books, period string) error {
	lines, err := usage(period)
	if err != nil {
		return err
	}
	byCustomer := map[int64][]Usage{}
	var order []int64
	for _, line := range lines {
		var id int64 // 0: no customer
		if line.Customer != nil {
			id = *line.Customer
		}
		if byCustomer[id] == nil {
			order = append(order, id)
		}
		byCustomer[id] = append(byCustomer[id], line)
	}
	number, billed := 0, map[int64]bool{}
	for _, invoice := range books.Invoices {
		if invoice.Number > number {
			number = invoice.Number
		}
		billed[invoice.Customer] = billed[invoice.Customer] || invoice.Period == period
	}
	for _, id := range order {
		pricing, known := books.Customers[id]
		if !known {
			fmt.Fprintf(os.Stderr, "no customer for %d lines of billing_user_id %d\n", len(byCustomer[id]), id)
			continue
		}
		if billed[id] {
			continue
		}
		number++
		invoice := Invoice{Number: number, Customer: id, Period: period, Currency: pricing.Currency.Code}
		var tokens int64
		for _, line := range byCustomer[id] {
			tokens += line.Tokens
			printed := Line{line.Server, line.Resource, line.Plan.Name, line.Hours, line.Charge, line.Tokens}
			invoice.Lines = append(invoice.Lines, printed)
		}
		if invoice.Total, err = amount(tokens, pricing.Cost, pricing.Currency.Decimals); err != nil {
			return err
		}
		books.Invoices = append(books.Invoices, invoice)
	}
	return keep(books)
}

func invoices(books Books, period string) error {
	found := []Invoice{}
	for _, invoice := range books.Invoices {
		if invoice.Period == period {
			found = append(found, invoice)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"invoices": found})
}

func main() {
	commands := map[string]func(Books, string) error{"customers": customers, "bill": bill, "invoices": invoices}
	err := errors.New("usage: customers FILE, bill PERIOD or invoices PERIOD")
	if len(os.Args) == 3 && commands[os.Args[1]] != nil {
		var books Books
		if books, err = read(); err == nil {
			err = commands[os.Args[1]](books, os.Args[2])
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "invoices.go: %v\n", err)
		os.Exit(1)
	}
}
