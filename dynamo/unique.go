package dynamo

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// uniqueValue is a unique value of an entity. Its guard is an item with the partition key
// "UNIQUE#Entity.Unique.Field#value", which names the owner of the value.
type uniqueValue struct {
	keytemplate.Binding
	discriminator string              // of the guards
	guard         keytemplate.Binding // their partition key
}

const (
	guardPrefix = "UNIQUE"
	ownerPK     = "OwnerPK"
	ownerSK     = "OwnerSK"
)

func (e *entityCore) useUniques(sources []string) error {
	var errs []error
	s := e.model.schema
	if len(sources) > 0 && (s.PartitionKey == ownerPK || s.SortKey == ownerPK) {
		return errors.New("a key attribute of the schema is called OwnerPK, which unique values use")
	}
	for _, source := range sources {
		t, err := e.parse(source)
		if err != nil {
			errs = append(errs, fmt.Errorf("unique: %w", err))
			continue
		}
		if len(t.Fields()) == 0 {
			errs = append(errs, fmt.Errorf("unique: template %q has no field", source))
		}
		// The name is that of the fields: it stays when other unique values come.
		u := uniqueValue{Binding: t.Bind(e.fieldIndex), discriminator: e.name + ".Unique." + strings.Join(t.Fields(), "+")}
		if slices.Contains(e.guardNames(), u.discriminator) {
			errs = append(errs, fmt.Errorf("unique: two templates have the fields of %q", source))
		}
		guard, err := e.parse(guardPrefix + s.Separator + u.discriminator + s.Separator + source)
		if err != nil {
			errs = append(errs, fmt.Errorf("unique: %w", err))
			continue
		}
		u.guard = guard.Bind(e.fieldIndex)
		e.uniques = append(e.uniques, u)
	}
	return errors.Join(errs...)
}

// guardNames are the discriminators of the entity's guards.
func (e *entityCore) guardNames() []string {
	var names []string
	for _, u := range e.uniques {
		names = append(names, u.discriminator)
	}
	return names
}

// guardKey returns the key of the guard for the value, or false when it claims nothing.
func (e *entityCore) guardKey(u uniqueValue, v reflect.Value, fs *faults) (primaryKey, bool) {
	text, absent := u.guard.Render(v, fs)
	if absent {
		return primaryKey{}, false
	}
	k := primaryKey{partition: text}
	if e.model.schema.SortKey != "" {
		k.sort = guardPrefix
	}
	checkKeySize(u.Source, k.partition, maxPartitionKey, fs)
	return k, true
}

// guardedBy reports whether a key of other could be that of a guard of e.
func (e *entityCore) guardedBy(other *entityCore) bool {
	sort := &keytemplate.Template{Separator: e.model.schema.Separator, Parts: []keytemplate.Part{{Literal: guardPrefix}}}
	return slices.ContainsFunc(e.uniques, func(u uniqueValue) bool {
		return other.partition.Overlaps(u.guard.Template) && other.sort.Overlaps(sort)
	})
}

// claimAll returns the puts of all guards of a new item.
func (e *entityCore) claimAll(v reflect.Value, owner primaryKey, s writeContext, fs *faults) []itemAction {
	var out []itemAction
	for _, u := range e.uniques {
		if key, ok := e.guardKey(u, v, fs); ok {
			out = append(out, e.claim(u, key, v, owner, s, fs))
		}
	}
	return out
}

// checkNoClaims refuses a key whose new item would have unique values: fields that are
// no part of the key are zero in it.
func (e *entityCore) checkNoClaims(key reflect.Value, fs *faults) {
	v := reflect.New(e.typ).Elem()
	e.setKey(v, key)
	for _, u := range e.uniques {
		if _, claims := e.guardKey(u, v, fs); claims {
			fs.Addf("", "the new item would claim the unique value %s, which an Upsert cannot do: use Create or Modify", u.Source)
		}
	}
}

// releaseAll returns the deletes of all guards of an old item.
func (e *entityCore) releaseAll(v reflect.Value, owner primaryKey, fs *faults) []itemAction {
	var out []itemAction
	for _, u := range e.uniques {
		if key, ok := e.guardKey(u, v, fs); ok {
			out = append(out, e.release(u, key, owner, fs))
		}
	}
	return out
}

// moveAll returns what moves the guards from an old value to a new one.
func (e *entityCore) moveAll(old, next reflect.Value, owner primaryKey, s writeContext, fs *faults) []itemAction {
	var out []itemAction
	for _, u := range e.uniques {
		from, had := e.guardKey(u, old, fs)
		to, has := e.guardKey(u, next, fs)
		if had && has && from == to {
			if e.expires() {
				out = append(out, e.renew(u, to, next, owner, s, fs))
			}
			continue
		}
		if had {
			out = append(out, e.release(u, from, owner, fs))
		}
		if has {
			out = append(out, e.claim(u, to, next, owner, s, fs))
		}
	}
	return out
}

func (e *entityCore) guardItem(u uniqueValue, key primaryKey, v reflect.Value, owner primaryKey, s writeContext) attr.Item {
	it := key.attributes(&e.model.schema)
	it[e.model.schema.Discriminator] = &types.AttributeValueMemberS{Value: u.discriminator}
	it[ownerPK] = &types.AttributeValueMemberS{Value: owner.partition}
	it[ownerSK] = &types.AttributeValueMemberS{Value: owner.sort}
	if e.expiry != nil && !v.FieldByIndex(e.expiry.Index).IsZero() {
		if av, err := e.expiry.Encoder.Encode(v.FieldByIndex(e.expiry.Index).Interface()); err == nil {
			it[e.expiry.Name] = av
		}
	}
	e.encodeExpiry(it, v, s)
	return it
}

func (e *entityCore) claim(u uniqueValue, key primaryKey, v reflect.Value, owner primaryKey, s writeContext, fs *faults) itemAction {
	var x expressionBuilder
	it := e.guardItem(u, key, v, owner, s)
	a := itemAction{kind: actPut, key: key, item: it, unique: u.Source, condition: e.vacant(&x, s), size: checkItem(it, fs)}
	a.use(&x, fs)
	return a
}

func (e *entityCore) renew(u uniqueValue, key primaryKey, v reflect.Value, owner primaryKey, s writeContext, fs *faults) itemAction {
	var x expressionBuilder
	it := e.guardItem(u, key, v, owner, s)
	a := itemAction{kind: actPut, key: key, item: it, unique: u.Source, condition: ownedBy(&x, owner), owned: true, size: checkItem(it, fs)}
	a.use(&x, fs)
	return a
}

func (e *entityCore) release(u uniqueValue, key, owner primaryKey, fs *faults) itemAction {
	var x expressionBuilder
	a := itemAction{kind: actDelete, key: key, unique: u.Source, condition: ownedBy(&x, owner), owned: true}
	a.use(&x, fs)
	return a
}

func ownedBy(x *expressionBuilder, owner primaryKey) string {
	return x.name(ownerPK) + " = " + x.text(owner.partition) + " AND " + x.name(ownerSK) + " = " + x.text(owner.sort)
}

// uniquesAre writes the condition that the stored item has the unique values of old,
// so that the guards that are given up are its own.
func (e *entityCore) uniquesAre(old reflect.Value, x *expressionBuilder) string {
	if e.version != nil {
		return "" // the version says so
	}
	var conditions []string
	seen := map[string]bool{}
	for _, u := range e.uniques {
		for _, field := range u.Fields() {
			if seen[field] {
				continue
			}
			seen[field] = true
			a := attr.Lookup(e.attributes, field)
			av, err := a.Encoder.Encode(old.FieldByIndex(a.Index).Interface())
			switch {
			case err != nil:
				x.faults.Addf(field, "cannot be stored: %v", err)
			case av == nil:
				conditions = append(conditions, "attribute_not_exists("+x.name(a.Name)+")")
			default:
				conditions = append(conditions, x.name(a.Name)+" = "+x.value(av))
			}
		}
	}
	return conjunction(conditions...)
}
