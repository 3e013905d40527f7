// Judges what Backstage ingests of an exported repository (a JSON array on standard input): the envelope and field
// formats of every entity, the schema of kind Location, and that a form's patterns are JavaScript's regular expressions.
// The schema of kind Template is in a package that brings a hundred megabytes along; it was looked at by hand.
import {
  DefaultNamespaceEntityPolicy,
  EntityPolicies,
  FieldFormatEntityPolicy,
  locationEntityV1alpha1Validator,
  NoForeignRootFieldsEntityPolicy,
  SchemaValidEntityPolicy,
} from '@backstage/catalog-model';
import { readFileSync } from 'node:fs';

const policy = EntityPolicies.allOf([
  new SchemaValidEntityPolicy(),
  new DefaultNamespaceEntityPolicy(),
  new NoForeignRootFieldsEntityPolicy(),
  new FieldFormatEntityPolicy(),
]);

for (const given of JSON.parse(readFileSync(0, 'utf8'))) {
  const entity = await policy.enforce(given);
  if (entity.kind === 'Location' && !(await locationEntityV1alpha1Validator.check(entity))) {
    throw new Error(`${entity.metadata.name} is no Location`);
  }
  for (const page of entity.spec.parameters ?? []) {
    for (const [key, schema] of Object.entries(page.properties)) {
      if (schema.pattern === undefined) continue;
      // ajv compiles them with the flag `u`, which allows less
      const pattern = new RegExp(schema.pattern, 'u');
      if (schema.default !== undefined && !pattern.test(schema.default)) throw new Error(`${key}: ${schema.default}`);
      if (pattern.test('a{{ 7 * 7 }}')) throw new Error(`${key} takes a template for an answer`);
    }
  }
  console.log(`${entity.kind.toLowerCase()}:${entity.metadata.namespace}/${entity.metadata.name}`);
}
