package lambdahost_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// post sends a request to the environment's API and returns the answer.
func post(method, path, body string, headers ...string) (*http.Response, string) {
	r, err := http.NewRequest(method, "http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	return resp, string(text)
}

// runExtension is an external extension: it prints the events that it gets. It does
// not return.
func runExtension(name string) {
	mode := os.Getenv("EXTENSION")
	events := `["INVOKE","SHUTDOWN"]`
	if mode == "deaf" {
		events = "[]"
	}
	if mode == "unregistered" {
		os.Exit(4)
	}
	resp, body := post("POST", "/2020-01-01/extension/register", `{"events":`+events+`}`, "Lambda-Extension-Name", name)
	fmt.Println(name, resp.StatusCode, body)
	id := resp.Header.Get("Lambda-Extension-Identifier")
	if mode == "initerror" {
		resp, _ := post("POST", "/2020-01-01/extension/init/error", "{}", "Lambda-Extension-Identifier", id, "Lambda-Extension-Function-Error-Type", "No.Key")
		fmt.Println(name, resp.StatusCode)
		os.Exit(1)
	}
	for {
		_, event := post("GET", "/2020-01-01/extension/event/next", "", "Lambda-Extension-Identifier", id)
		fmt.Println(name, event)
		switch {
		case strings.Contains(event, "SHUTDOWN") && mode != "stay":
			os.Exit(0)
		case mode == "exit":
			os.Exit(5)
		case strings.HasPrefix(mode, "/"): // it goes on when the file is there
			for _, err := os.Stat(mode); err != nil; _, err = os.Stat(mode) {
				time.Sleep(time.Millisecond)
			}
		}
	}
}

// initialize does what the variable INIT says before the function is ready.
func initialize() {
	switch mode := os.Getenv("INIT"); mode {
	case "":
	case "exit":
		fmt.Println("no configuration")
		os.Exit(1)
	case "single": // the loops are counted before main: it starts once more with one
		if os.Getenv("AWS_LAMBDA_MAX_CONCURRENCY") != "" {
			_ = os.Unsetenv("AWS_LAMBDA_MAX_CONCURRENCY")
			panic(syscall.Exec(os.Args[0], os.Args, os.Environ()))
		}
	case "zero":
		os.Exit(0)
	case "sleep":
		time.Sleep(time.Minute)
	case "report":
		post("POST", "/2018-06-01/runtime/init/error", `{"errorMessage":"no table","errorType":"Config.Missing"}`)
		os.Exit(1)
	case "internal":
		resp, body := post("POST", "/2020-01-01/extension/register", `{"events":["INVOKE"]}`, "Lambda-Extension-Name", "inside")
		fmt.Println("inside", resp.StatusCode, body)
		id := resp.Header.Get("Lambda-Extension-Identifier")
		go func() {
			for {
				_, event := post("GET", "/2020-01-01/extension/event/next", "", "Lambda-Extension-Identifier", id)
				fmt.Println("inside", event)
			}
		}()
		resp, body = post("POST", "/2020-01-01/extension/register", `{"events":["SHUTDOWN"]}`, "Lambda-Extension-Name", "inside too")
		fmt.Println("inside too", resp.StatusCode, body)
	default: // a file: the second start does not fail
		if _, err := os.Stat(mode); err != nil {
			_ = os.WriteFile(mode, nil, 0o600)
			os.Exit(1)
		}
	}
}
