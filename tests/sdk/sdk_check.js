// Okta's own client for Node against okta-sim: what it creates, pages, searches, changes and deletes
// must come back as the client expects it. Prints what it did; a failure ends it with a trace.
'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const okta = require('@okta/okta-sdk-nodejs');

const orgUrl = process.env.SIM_URL;
const password = 'Tr0ub4dor-and-3';
let calls = 0;

/** Counts every operation of the client, so that the figure printed is the client's own. */
function counted(client) {
  for (const name of Object.keys(client)) {
    if (!name.endsWith('Api')) continue;
    client[name] = new Proxy(client[name], {
      get(api, operation) {
        const member = api[operation];
        if (typeof member !== 'function') return member;
        return (...args) => { calls += 1; return member.apply(api, args); };
      },
    });
  }
  return client;
}

async function all(collection) {
  const items = [];
  await (await collection).each((item) => { items.push(item); });
  return items;
}

async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.strictEqual(error.status, status, String(error));
    assert.strictEqual(error.errorCode, code);
    return true;
  });
}

const person = (login, more = {}) => ({
  profile: { login, email: login, firstName: 'Ada', lastName: 'Byron', ...more },
});

async function users(client) {
  const api = client.userApi;
  const made = await api.createUser({
    body: { ...person('ada@example.com', { city: 'Ulm' }), credentials: { password: { value: password } } },
    activate: true,
  });
  assert.strictEqual(made.status, 'ACTIVE');
  assert.ok(made.created instanceof Date);
  assert.strictEqual(made.profile.city, 'Ulm');
  assert.strictEqual((await api.getUser({ userId: 'ada@example.com' })).id, made.id);
  const changed = await api.updateUser({ userId: made.id, user: { profile: { nickName: 'Countess' } } });
  assert.strictEqual(changed.profile.nickName, 'Countess');
  assert.strictEqual(changed.profile.city, 'Ulm', 'a partial update keeps the rest');
  const replaced = await api.replaceUser({ userId: made.id, user: person('ada@example.com') });
  assert.ok(replaced.profile.city == null, 'a replacement does not');

  for (let i = 0; i < 7; i += 1) {
    await api.createUser({ body: person(`page${i}@example.com`), activate: false });
  }
  const paged = await all(api.listUsers({ limit: 3 }));
  assert.strictEqual(new Set(paged.map((user) => user.id)).size, 9, 'the token\'s owner, Ada and seven');
  const found = await all(api.listUsers({ search: 'profile.login sw "page" and status eq "STAGED"', limit: 2, sortBy: 'profile.login', sortOrder: 'desc' }));
  assert.deepStrictEqual(found.map((user) => user.profile.login), [6, 5, 4, 3, 2, 1, 0].map((i) => `page${i}@example.com`));
  const filtered = await all(api.listUsers({ filter: 'profile.login eq "ada@example.com"' }));
  assert.deepStrictEqual(filtered.map((user) => user.id), [made.id]);
  await refused(api.listUsers({ search: 'profile.nothing eq "x"' }).then((list) => list.next()), 400, 'E0000031');

  await api.suspendUser({ userId: made.id });
  await refused(api.suspendUser({ userId: made.id }), 400, 'E0000001');
  await api.unsuspendUser({ userId: made.id });
  const staged = found[0];
  const link = await api.activateUser({ userId: staged.id, sendEmail: false });
  assert.match(link.activationUrl, /^https:/);
  await refused(api.activateUser({ userId: staged.id, sendEmail: false }), 403, 'E0000016');
  const reset = await api.generateResetPasswordToken({ userId: made.id, sendEmail: false });
  assert.match(reset.resetPasswordUrl, /^https:/);
  await refused(api.createUser({ body: person('ADA@example.com') }), 400, 'E0000001');
  await api.deactivateUser({ userId: staged.id });
  await api.deleteUser({ userId: staged.id });
  await refused(api.getUser({ userId: staged.id }), 404, 'E0000007');
  return made;
}

async function groupsAndRules(client, ada) {
  const api = client.groupApi;
  const staff = await api.createGroup({ group: { profile: { name: 'Staff', description: 'all' } } });
  assert.strictEqual(staff.type, 'OKTA_GROUP');
  await api.replaceGroup({ groupId: staff.id, group: { profile: { name: 'Staff', description: 'everybody here' } } });
  await api.assignUserToGroup({ groupId: staff.id, userId: ada.id });
  const members = await all(api.listGroupUsers({ groupId: staff.id, limit: 1 }));
  assert.deepStrictEqual(members.map((user) => user.id), [ada.id]);
  const mine = await all(client.userApi.listUserGroups({ userId: ada.id }));
  assert.deepStrictEqual(mine.map((group) => group.profile.name).sort(), ['Everyone', 'Staff']);
  assert.strictEqual((await all(api.listGroups({ q: 'Sta' })))[0].id, staff.id);
  assert.strictEqual((await all(api.listGroups({ search: 'profile.name eq "Staff"' }))).length, 1);

  const ulm = await api.createGroup({ group: { profile: { name: 'Ulm' } } });
  const rule = await api.createGroupRule({ groupRule: {
    type: 'group_rule', name: 'by city',
    conditions: { expression: { type: 'urn:okta:expression:1.0', value: 'user.city == "Ulm"' } },
    actions: { assignUserToGroups: { groupIds: [ulm.id] } },
  } });
  assert.strictEqual(rule.status, 'INACTIVE');
  await api.activateGroupRule({ ruleId: rule.id });
  await client.userApi.updateUser({ userId: ada.id, user: { profile: { city: 'Ulm' } } });
  assert.strictEqual((await all(api.listGroupUsers({ groupId: ulm.id }))).length, 1);
  assert.strictEqual((await all(api.listGroupRules())).length, 1);
  await api.deactivateGroupRule({ ruleId: rule.id });
  await api.deleteGroupRule({ ruleId: rule.id });
  await refused(api.getGroupRule({ ruleId: rule.id }), 404, 'E0000007');

  await api.assignGroupOwner({ groupId: staff.id, GroupOwner: { id: ada.id, type: 'USER' } });
  assert.strictEqual((await all(api.listGroupOwners({ groupId: staff.id })))[0].id, ada.id);
  await api.unassignUserFromGroup({ groupId: ulm.id, userId: ada.id });
  await api.deleteGroup({ groupId: ulm.id });
  return staff;
}

async function apps(client, ada, staff) {
  const api = client.applicationApi;
  const wiki = await api.createApplication({ application: {
    name: 'bookmark', label: 'Wiki', signOnMode: 'BOOKMARK',
    settings: { app: { requestIntegration: false, url: 'https://wiki.example.com' } },
  } });
  assert.strictEqual(wiki.status, 'ACTIVE');
  const assigned = await api.assignUserToApplication({ appId: wiki.id, appUser: { id: ada.id, scope: 'USER' } });
  assert.strictEqual(assigned.id, ada.id);
  assert.strictEqual((await api.getApplicationUser({ appId: wiki.id, userId: ada.id })).scope, 'USER');
  await api.assignGroupToApplication({ appId: wiki.id, groupId: staff.id });
  assert.strictEqual((await all(api.listApplicationGroupAssignments({ appId: wiki.id }))).length, 1);
  assert.strictEqual((await all(client.groupApi.listAssignedApplicationsForGroup({ groupId: staff.id })))[0].id, wiki.id);
  assert.strictEqual((await all(client.userApi.listAppLinks({ userId: ada.id }))).length, 1);
  await api.unassignUserFromApplication({ appId: wiki.id, userId: ada.id });
  const left = await all(api.listApplicationUsers({ appId: wiki.id }));
  assert.deepStrictEqual(left.map((user) => user.scope), ['GROUP'], 'the group gives it back');
  await api.unassignApplicationFromGroup({ appId: wiki.id, groupId: staff.id });
  assert.strictEqual((await all(api.listApplicationUsers({ appId: wiki.id }))).length, 0);
  assert.strictEqual((await all(api.listApplications({ q: 'Wik', limit: 1 }))).length, 1);
  wiki.label = 'Wiki of all';
  assert.strictEqual((await api.replaceApplication({ appId: wiki.id, application: wiki })).label, 'Wiki of all');

  const mappings = await all(client.profileMappingApi.listProfileMappings({ sourceId: wiki.id }));
  const mapping = await client.profileMappingApi.updateProfileMapping({ mappingId: mappings[0].id, profileMapping: {
    properties: { nickName: { expression: 'appuser.nick', pushStatus: 'DONT_PUSH' } },
  } });
  assert.strictEqual(mapping.properties.nickName.expression, 'appuser.nick');

  await refused(api.deleteApplication({ appId: wiki.id }), 403, 'E0000056');
  await api.deactivateApplication({ appId: wiki.id });
  await api.deleteApplication({ appId: wiki.id });
}

async function policies(client, staff) {
  const api = client.policyApi;
  const policy = await api.createPolicy({ policy: {
    type: 'OKTA_SIGN_ON', name: 'Staff signs in', status: 'ACTIVE', description: 'of a test',
    conditions: { people: { groups: { include: [staff.id] } } },
  } });
  assert.strictEqual(policy.type, 'OKTA_SIGN_ON');
  const rule = await api.createPolicyRule({ policyId: policy.id, policyRule: {
    type: 'SIGN_ON', name: 'All may',
    actions: { signon: { access: 'ALLOW', requireFactor: false } },
  } });
  assert.strictEqual(rule.actions.signon.access, 'ALLOW');
  assert.ok((await all(api.listPolicyRules({ policyId: policy.id }))).length >= 1);
  assert.ok((await all(api.listPolicies({ type: 'OKTA_SIGN_ON' }))).some((one) => one.id === policy.id));
  await api.deactivatePolicy({ policyId: policy.id });
  await api.activatePolicy({ policyId: policy.id });
  policy.description = 'changed';
  assert.strictEqual((await api.replacePolicy({ policyId: policy.id, policy })).description, 'changed');
  await api.deletePolicyRule({ policyId: policy.id, ruleId: rule.id });
  await api.deletePolicy({ policyId: policy.id });
}

async function factors(client, ada) {
  const api = client.userFactorApi;
  const questions = await all(api.listSupportedSecurityQuestions({ userId: ada.id }));
  const question = await api.enrollFactor({ userId: ada.id, body: {
    factorType: 'question', provider: 'OKTA', profile: { question: questions[0].question, answer: 'sauerkraut' },
  } });
  assert.strictEqual(question.status, 'ACTIVE');
  const verified = await api.verifyFactor({ userId: ada.id, factorId: question.id, body: { answer: 'sauerkraut' } });
  assert.strictEqual(verified.factorResult, 'SUCCESS');
  await refused(api.verifyFactor({ userId: ada.id, factorId: question.id, body: { answer: 'kale' } }), 403, 'E0000068');
  const sms = await api.enrollFactor({ userId: ada.id, body: {
    factorType: 'sms', provider: 'OKTA', profile: { phoneNumber: '+4973112345' },
  } });
  assert.strictEqual(sms.status, 'PENDING_ACTIVATION');
  assert.strictEqual((await all(api.listFactors({ userId: ada.id }))).length, 2);
  await api.unenrollFactor({ userId: ada.id, factorId: sms.id });
  await client.userApi.resetFactors({ userId: ada.id });
  assert.strictEqual((await all(api.listFactors({ userId: ada.id }))).length, 0);
}

async function sessions(client) {
  const made = await client.userApi.createUser({
    body: { ...person('signs.in@example.com'), credentials: { password: { value: password } } } });
  const reply = await client.http.http(`${orgUrl}/api/v1/authn`, {
    method: 'post',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ username: 'signs.in@example.com', password }),
  });
  const { sessionToken } = await reply.json();
  const session = await client.sessionApi.createSession({ createSessionRequest: { sessionToken } });
  assert.strictEqual(session.userId, made.id);
  assert.strictEqual((await client.sessionApi.getSession({ sessionId: session.id })).status, 'ACTIVE');
  await client.sessionApi.refreshSession({ sessionId: session.id });
  await client.userApi.revokeUserSessions({ userId: made.id });
  await refused(client.sessionApi.getSession({ sessionId: session.id }), 404, 'E0000007');
}

async function logs(client, ada) {
  const since = new Date(Date.now() - 3600 * 1000);
  const events = await all(client.systemLogApi.listLogEvents({
    since: since.toISOString(), until: new Date(Date.now() + 60 * 1000).toISOString(), limit: 5, sortOrder: 'ASCENDING' }));
  assert.ok(events.length > 20, `${events.length} events`);
  const created = events.find((event) => event.eventType === 'user.lifecycle.create' && event.target[0].id === ada.id);
  assert.strictEqual(created.outcome.result, 'SUCCESS');
  assert.ok(created.published instanceof Date);
}

async function relations(client, ada) {
  const boss = await client.userApi.createUser({ body: person('boss@example.com'), activate: false });
  await client.linkedObjectApi.createLinkedObjectDefinition({ linkedObject: {
    primary: { name: 'boss', title: 'Boss', description: 'b', type: 'USER' },
    associated: { name: 'aide', title: 'Aide', description: 'a', type: 'USER' },
  } });
  await client.userApi.setLinkedObjectForUser({
    associatedUserId: ada.id, primaryRelationshipName: 'boss', primaryUserId: boss.id });
  const links = await all(client.userApi.listLinkedObjectsForUser({ userId: ada.id, relationshipName: 'boss' }));
  assert.strictEqual(links.length, 1);
  const schema = await client.schemaApi.getUserSchema({ schemaId: 'default' });
  assert.strictEqual(schema.definitions.base.properties.login.type, 'string');
  assert.strictEqual((await all(client.userTypeApi.listUserTypes())).length, 1);
}

/** The same client with a key of its own instead of a token: assertion, proof, nonce. */
async function serviceApp(tokenClient) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'sdk', use: 'sig' };
  const put = await tokenClient.http.http(`${orgUrl}/sim/oauth`, {
    method: 'put',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ clients: [{ client_id: '0oasdk', scopes: ['okta.users.read'], jwks: { keys: [jwk] } }] }),
  });
  assert.strictEqual(put.status, 204);
  const client = counted(new okta.Client({
    orgUrl, authorizationMode: 'PrivateKey', clientId: '0oasdk', scopes: ['okta.users.read'], keyId: 'sdk',
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }),
  }));
  assert.ok((await all(client.userApi.listUsers({ limit: 200 }))).length > 0);
  await refused(client.groupApi.createGroup({ group: { profile: { name: 'not allowed' } } }), 403, 'E0000006');
}

async function main() {
  const client = counted(new okta.Client({ orgUrl, token: process.env.SIM_TOKEN }));
  const ada = await users(client);
  const staff = await groupsAndRules(client, ada);
  await apps(client, ada, staff);
  await policies(client, staff);
  await factors(client, ada);
  await sessions(client);
  await relations(client, ada);
  await logs(client, ada);
  await serviceApp(client);
  console.log(`sdk: ${calls} operations of @okta/okta-sdk-nodejs ${require('@okta/okta-sdk-nodejs/package.json').version}, no surprise`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
