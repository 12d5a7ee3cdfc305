// Looks at every page in every state. GIVEN says where they are; SCREENSHOTS=1 writes the pictures that the docs show.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = require.resolve("axe-core/axe.min.js");
const { pages, mailbox, tokens } = JSON.parse(process.env.GIVEN);
const pictures = new URL("../../docs/images/", import.meta.url).pathname;
const email = "ana@lumen.example";
const good = "trumpet-orbit-lemon";

const invitation = (n) => `${pages}/invitations/${tokens[n].invitation}`;
const reset = (n) => `${pages}/password-resets/${tokens[n]["password-reset"]}`;
const send = (typed, password) => async (page) => {
  if (typed !== undefined) await page.fill("#email", typed);
  if (password !== undefined) await page.fill("#password", password);
  // What the browser itself would hold back is for the server to judge here.
  await page.$eval("form", (form) => { form.noValidate = true; });
  await page.click("button");
};

const states = [
  ["invitation", invitation(1)],
  ["invitation-wrong-address", invitation(1), send("bo@lumen.example")],
  ["invitation-accepted", invitation(1), send(email)],
  ["invitation-password", invitation(2), undefined, "picture"],
  ["invitation-password-nothing", invitation(2), send("", "")],
  ["invitation-password-weak", invitation(2), send(email, "password1234"), "picture"],
  ["invitation-password-wrong-address", invitation(2), send("bo@lumen.example", good)],
  ["invitation-password-accepted", invitation(2), send(email, good), "picture"],
  ["invitation-kept", invitation(3)],
  ["locked", invitation(4)],
  ["taken", invitation(5)],
  ["dead", invitation(6), undefined, "picture"],
  ["invitation-de", invitation(7), send(email, "kurz")],
  ["invitation-fr", invitation(8), send(email, "court")],
  ["invitation-es", invitation(9), send(email, "corta")],
  ["invitation-long-names", invitation("a")],
  ["reset", reset(2), undefined, "picture"],
  ["reset-weak", reset(2), send(email, "short")],
  ["reset-done", reset(2), send(email, good)],
  ["reset-de", reset(7)],
  ["reset-fr", reset(8)],
  ["reset-es", reset(9)],
  ["mailbox", mailbox],
];

let looked = 0;
const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);

// look asks axe, and whether anything is wider than the page.
async function look(page, where) {
  looked++;
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations) fault(where, `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).join(", ")})`);
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  if (wide > room) fault(where, `is ${wide} pixels wide on a screen of ${room}`);
}

// Every state, at two widths, light and dark. The pages' own policy lets no script in, axe neither: it is bypassed.
async function every(browser) {
  for (const width of [320, 1000]) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: { width, height: 760 }, colorScheme, bypassCSP: true, locale: "en" });
      const page = await context.newPage();
      for (const [name, url, act, picture] of states) {
        const where = `${name} at ${width}, ${colorScheme}`;
        await page.goto(url);
        if (act) await Promise.all([page.waitForLoadState("load"), act(page)]);
        // One picture of each: wide and light. The form with a password is shown narrow and dark too.
        const shown = width === 1000 ? colorScheme === "light" : colorScheme === "dark" && name === "invitation-password";
        if (picture && process.env.SCREENSHOTS && shown) {
          await page.locator("main").screenshot({ path: `${pictures}${name}${width === 320 ? "-narrow" : ""}.png` });
        }
        await look(page, where);
      }
      await context.close();
      console.log(`${width} pixels, ${colorScheme}: ${states.length} pages`);
    }
  }
}

// By keyboard alone, without scripts, under the pages' own policy: the whole of each form can be reached, filled in and sent.
async function byKeyboard(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "en" });
  const page = await context.newPage();
  for (const [url, done] of [[invitation(2), "You have joined"], [reset(2), "Your password is set"]]) {
    await page.goto(url);
    await page.keyboard.press("Tab");
    await page.keyboard.type(email);
    await page.keyboard.press("Tab");
    await page.keyboard.type("password1234");
    await page.keyboard.press("Tab");
    await Promise.all([page.waitForURL(url), page.keyboard.press("Enter")]);
    await page.waitForSelector('[role="alert"]');
    if (!(await page.textContent("#password-error")).includes("easy to guess")) fault(url, "does not say what is wrong");
    if ((await page.inputValue("#password")) !== "") fault(url, "shows the password again");
    // The first stop is the summary's link, which leads to the field.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    await page.locator("#password").focus();
    await page.keyboard.type(good);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".mark.good");
    const heading = await page.textContent("h1");
    if (!heading.includes(done)) fault(url, `ends with "${heading}"`);
  }
  await context.close();
}

// The policy holds: nothing is fetched but the page and its stylesheet, and nothing complains.
async function quietly(browser) {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  const asked = new Set();
  page.on("request", (r) => asked.add(new URL(r.url()).pathname.replace(/[^/]{40,}$/, "TOKEN")));
  page.on("console", (m) => fault("console", m.text()));
  await page.goto(invitation(2));
  asked.delete("/favicon.ico");
  if ([...asked].sort().join(" ") !== "/invitations/TOKEN /style.css") fault("requests", [...asked].join(" "));
  await context.close();
}

mkdirSync(pictures, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  await every(browser);
  await byKeyboard(browser);
  await quietly(browser);
} finally {
  await browser.close();
}
console.log(`${looked} pages looked at, ${faults.length} faults`);
for (const f of faults) console.log(f);
process.exit(faults.length ? 1 : 0);
