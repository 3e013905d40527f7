// Judges Backstage entities (a JSON array on standard input) as the catalog does when it ingests them:
// the envelope, the field formats, the kind's own schema and the form of every reference.
import {
  apiEntityV1alpha1Validator,
  componentEntityV1alpha1Validator,
  DefaultNamespaceEntityPolicy,
  EntityPolicies,
  FieldFormatEntityPolicy,
  NoForeignRootFieldsEntityPolicy,
  parseEntityRef,
  resourceEntityV1alpha1Validator,
  SchemaValidEntityPolicy,
} from '@backstage/catalog-model';
import { readFileSync } from 'node:fs';

const kinds = {
  API: apiEntityV1alpha1Validator,
  Component: componentEntityV1alpha1Validator,
  Resource: resourceEntityV1alpha1Validator,
};
const policy = EntityPolicies.allOf([
  new SchemaValidEntityPolicy(),
  new DefaultNamespaceEntityPolicy(),
  new NoForeignRootFieldsEntityPolicy(),
  new FieldFormatEntityPolicy(),
]);

for (const given of JSON.parse(readFileSync(0, 'utf8'))) {
  const entity = await policy.enforce(given);
  if (!(await kinds[entity.kind]?.check(entity))) {
    throw new Error(`no validator takes kind ${entity.kind}`);
  }
  parseEntityRef(entity.spec.owner, { defaultKind: 'Group', defaultNamespace: 'default' });
  console.log(`${entity.kind.toLowerCase()}:${entity.metadata.namespace}/${entity.metadata.name}`);
}
