//go:build ignore

// A complete GetTokenPricing endpoint for SolusIO: what one token costs a customer.
//
//	SOLUSIO_TOKEN=a-long-random-text go run endpoint.go
//
// The same program in PHP is explained line by line in docs/php-endpoint.md of mock-solusio. Without its first line,
// this file becomes part of your build.
package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"
)

type Currency struct {
	Code               string `json:"code"`
	DisplayPrefix      string `json:"display_prefix"`
	DisplaySuffix      string `json:"display_suffix"`
	ThousandsSeparator string `json:"thousands_separator"`
	DecimalsSeparator  string `json:"decimals_separator"`
}

type Discount struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Multipler   float64 `json:"multipler"` // spelled like this
}

type Rate struct {
	Label string  `json:"label"`
	Rate  float64 `json:"rate"`
}

type Taxes struct {
	Compound bool   `json:"compound"`
	Rates    []Rate `json:"rates"`
}

type Pricing struct {
	Base      float64    `json:"base_token_unit_cost"`
	Cost      float64    `json:"user_token_unit_cost"`
	Currency  Currency   `json:"currency"`
	Discounts []Discount `json:"discounts"`
	Taxes     Taxes      `json:"taxes"`
}

// An empty slice is [] in JSON, and a nil slice is null: write []Discount{} for none.
var customers = map[int64]Pricing{
	1: {
		Base:      1.34,
		Currency:  Currency{"GBP", "£", " GBP", ",", "."},
		Discounts: []Discount{{"Special Client Group Discount", "5% Recurring Discount", 0.95}},
		Taxes:     Taxes{true, []Rate{{"City Tax", 6}, {"State Tax", 2}}},
	},
	2: {
		Base:      0.00091,
		Currency:  Currency{"EUR", "", " €", ".", ","},
		Discounts: []Discount{},
		Taxes:     Taxes{false, []Rate{}},
	},
}

const largestBody = 64 * 1024 // bytes

var userID = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

type refusal struct {
	status  int
	message string
}

// price returns a customer's pricing with the cost that results from discounts and taxes.
func price(customer Pricing) Pricing {
	cost, factor := customer.Base, 1.0
	for _, discount := range customer.Discounts {
		cost *= discount.Multipler
	}
	for _, tax := range customer.Taxes.Rates {
		basis := 1.0
		if customer.Taxes.Compound {
			basis = factor
		}
		factor += basis * tax.Rate / 100
	}
	customer.Cost = cost * factor
	return customer
}

// same compares two texts in a time that does not depend on where they differ.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func answer(request *http.Request, expected string) (Pricing, *refusal) {
	body, err := io.ReadAll(io.LimitReader(request.Body, largestBody+1))
	if err != nil {
		return Pricing{}, &refusal{400, "the body is incomplete"}
	}
	if len(body) > largestBody {
		return Pricing{}, &refusal{413, "the body is too large"}
	}
	// What cannot be decoded is left out, and so is missing.
	fields, _ := url.ParseQuery(string(body))
	if !same(fields.Get("token"), expected) {
		return Pricing{}, &refusal{401, "the token is missing or wrong"}
	}
	if fields.Get("action") != "GetTokenPricing" {
		return Pricing{}, &refusal{400, "unknown action"}
	}
	if !userID.MatchString(fields.Get("userid")) {
		return Pricing{}, &refusal{400, "userid must be a positive integer"}
	}
	id, _ := strconv.ParseInt(fields.Get("userid"), 10, 64)
	customer, found := customers[id]
	if !found {
		return Pricing{}, &refusal{404, "no such user"}
	}
	return price(customer), nil
}

func main() {
	expected := os.Getenv("SOLUSIO_TOKEN")
	if expected == "" {
		log.Fatal("SOLUSIO_TOKEN is not set")
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	handler := func(response http.ResponseWriter, request *http.Request) {
		var document any
		status := http.StatusOK
		pricing, refused := answer(request, expected)
		document = pricing
		if refused != nil {
			status, document = refused.status, map[string]string{"error": refused.message}
		}
		body, err := json.Marshal(document)
		if err != nil {
			log.Print(err)
			status, body = http.StatusInternalServerError, []byte(`{"error": "internal error"}`)
		}
		response.Header().Set("Content-Type", "application/json")
		response.Header().Set("Cache-Control", "no-store")
		response.WriteHeader(status)
		response.Write(body)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening at http://%s/\n", listener.Addr())
	server := &http.Server{Handler: http.HandlerFunc(handler), ReadTimeout: 30 * time.Second}
	log.Fatal(server.Serve(listener))
}
