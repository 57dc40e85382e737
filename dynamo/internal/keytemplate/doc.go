// Package keytemplate is the language of key templates, such as "ORDER#{OrderID}": it
// parses them, writes values into keys that order as the values do, and finds out whether
// two templates could give one key. It knows nothing of entities.
package keytemplate
