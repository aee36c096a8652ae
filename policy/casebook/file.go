package casebook

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/accessbridge/accessbridge/config"
)

// Book is one file of cases.
type Book struct {
	// Config is the configuration the cases are for, relative to the file; empty to leave that to the caller.
	Config string `yaml:"config"`
	// Users and Groups are known in every case of the file.
	Users  []User  `yaml:"users"`
	Groups []Group `yaml:"groups"`
	// Rules are Teleport's Access Monitoring Rules; those for integrations that the configuration does not have are passed over.
	Rules []Rule `yaml:"access_monitoring_rules"`
	Cases []Case `yaml:"cases"`

	name     string
	problems *config.Problems
}

// Case is one request with all that is known about it, and what is expected.
type Case struct {
	Name    string  `yaml:"name"`
	Request Request `yaml:"request"`
	// Now is when the bridge looks; without it, when the last thing happened.
	Now      Moment     `yaml:"now"`
	Evidence []Evidence `yaml:"evidence"`
	OnCall   []Shift    `yaml:"on_call"`
	// Users and Groups take the place of those of the file with the same name.
	Users  []User  `yaml:"users"`
	Groups []Group `yaml:"groups"`
	Expect Expect  `yaml:"expect"`
}

// Rule is one of Teleport's Access Monitoring Rules, as far as it says who is told of requests.
type Rule struct {
	Name        string   `yaml:"name"`
	Condition   string   `yaml:"condition"`
	Integration string   `yaml:"integration"`
	Recipients  []string `yaml:"recipients"`
}

// User is a Teleport user, as Teleport keeps them.
type User struct {
	Name   string              `yaml:"name"`
	Roles  []string            `yaml:"roles"`
	Traits map[string][]string `yaml:"traits"`
}

// Group is a group of people at a vendor whose members are known.
type Group struct {
	Integration string `yaml:"integration"`
	Group       string `yaml:"group"`
	// Members are addresses, or else the vendor's identifiers of accounts.
	Members []string `yaml:"members"`
}

// Person names somebody as a vendor does.
type Person struct {
	Email     string `yaml:"email"`
	ID        string `yaml:"id"`
	Name      string `yaml:"name"`
	Automated bool   `yaml:"automated"`
}

// Evidence is what an object says, as the integration would read it.
type Evidence struct {
	Target string `yaml:"target"`
	Status string `yaml:"status"`
	// Verdict is what the integration's settings make of the status: approve, deny, or nothing.
	Verdict string `yaml:"verdict"`
	Actor   Person `yaml:"actor"`
	At      Moment `yaml:"at"`
	Reason  string `yaml:"reason"`
	// Barred is why a rule of the integration itself keeps the actor from deciding.
	Barred string `yaml:"barred"`
	// Key is the name people use for the object.
	Key string `yaml:"key"`
	// Marker is the id that the object carries; without it the request's own.
	Marker string `yaml:"marker"`
}

// Shift is what an integration answers to the question who is on call for what the request is about.
type Shift struct {
	Integration string `yaml:"integration"`
	Person      Person `yaml:"person"`
	Via         string `yaml:"via"`
	Level       int    `yaml:"level"`
	Until       Moment `yaml:"until"`
	// Unread says that the integration has not answered; nothing else is given then but its name.
	Unread bool `yaml:"unread"`
}

// Expect is what a case has to come to. What is not given is not compared; at least one thing must be.
type Expect struct {
	// Targets are all targets, Source says which part of the configuration's routing names them, Recipients whom Teleport's own routing names for some of them.
	Targets    []string            `yaml:"targets"`
	Source     string              `yaml:"source"`
	Recipients map[string][]string `yaml:"recipients"`
	// Routes are all routes of the request in their order, Route the one that decides, or else the first.
	Routes []string `yaml:"routes"`
	Route  string   `yaml:"route"`
	// Decision is approve, deny or none. By is the person it is attributed to, Rule the part of the route that decided.
	Decision string `yaml:"decision"`
	By       string `yaml:"by"`
	Rule     string `yaml:"rule"`
	// Refusals are the codes of all evidence that did not count; an empty list when all of it has to.
	Refusals []string `yaml:"refusals"`
}

func (e Expect) empty() bool {
	return e.Targets == nil && e.Recipients == nil && e.Routes == nil && e.Refusals == nil &&
		e.Source == "" && e.Route == "" && e.Decision == "" && e.By == "" && e.Rule == ""
}

// Read reads a file of cases. The error is a config.Error with the place of every fault when the file has any.
func Read(path string) (*Book, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	return Parse(path, data)
}

// Parse is Read for a file already read; name is its name in messages, and its folder that of the configuration.
func Parse(name string, data []byte) (*Book, error) {
	b := &Book{name: name}
	problems, ok := config.Decode(name, data, b)
	b.problems = problems
	if ok {
		b.validate()
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return b, nil
}

// ConfigPath returns the path of the configuration that the file names, or else the given one.
func (b *Book) ConfigPath(otherwise string) string {
	if b.Config == "" || filepath.IsAbs(b.Config) {
		if b.Config != "" {
			return b.Config
		}
		return otherwise
	}
	return filepath.Join(filepath.Dir(b.name), b.Config)
}
