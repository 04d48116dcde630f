import Sqlite from 'better-sqlite3'
import type { Generated } from 'kysely'

export interface Person {
  id: Generated<number>
  first_name: string
  last_name: string | null
  age: number
  gender: 'male' | 'female' | 'other'
  data: { a: number; b: { c: string }; l: number[] } | null
}
export interface Pet {
  id: Generated<number>
  name: string
  species: 'cat' | 'dog'
  owner_id: number
}
export interface Toy {
  id: Generated<number>
  name: string | null
  pet_id: number | null
}
export interface Database {
  person: Person
  pet: Pet
  toy: Toy
}

const text = `
create table person (id integer primary key, first_name text not null, last_name text, age integer not null,
  gender text not null, data text);
create table pet (id integer primary key, name text not null, species text not null, owner_id integer not null);
create table toy (id integer primary key, name text, pet_id integer);
insert into person values
  (1, 'Jennifer', 'Aniston', 55, 'female', '{"a":1,"b":{"c":"x"},"l":[3,4]}'),
  (2, 'Arnold', 'Schwarzenegger', 77, 'male', null),
  (3, 'Sylvester', null, 8, 'male', '{"a":2,"b":{"c":"y"},"l":[5]}');
insert into pet values (1, 'Catto', 'cat', 1), (2, 'Doggo', 'dog', 2), (3, 'Hammo', 'dog', 2);
insert into toy values (1, 'ball', 1), (2, 'bone', 2);
`

/** A database in memory with the tables and their rows. */
export function world(): Sqlite.Database {
  const database = new Sqlite(':memory:')
  database.exec(text)
  return database
}
