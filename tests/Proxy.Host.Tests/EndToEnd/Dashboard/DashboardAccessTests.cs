using System.Text.Json;
using Microsoft.Playwright;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>Accessibility: keyboard, screen reader, phone, dark theme, and ids with any characters.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardAccessTests(Chromium chromium)
{
    // Every view with its title.
    private static readonly (string Hash, string Title)[] _views =
    [
        ("", "Overview"),
        ("#/routes", "Routes"),
        ("#/routes/cache", "cache"),
        ("#/routes/office", "office"),
        ("#/routes/inverter", "inverter"),
        ("#/routes/site", "site"),
        ("#/clusters", "Clusters"),
        ("#/clusters/caches", "caches"),
        ("#/connections", "Connections"),
        ("#/channels", "Channels"),
        ("#/configuration", "Configuration"),
        ("#/configuration/running", "Configuration"),
        ("#/configuration/difference", "Configuration"),
        ("#/configuration/validate", "Configuration"),
        ("#/fleet", "Fleet"),
        ("#/about", "About"),
        ("#/health", "Health"),
        ("#/ends", "Ends"),
        ("#/nonsense", "Not found"),
    ];

    [RealServerFact(Chromium.Program)]
    public async Task View_Each_IsAccessibleAndFitsAPhone()
    {
        var fleet = new FakeFleet { Current = FakeFleet.Three };
        fleet.Drains[new("caches", "b")] = new("A_2", "10.0.0.7", TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(30));
        await using var host = await DashboardHost.StartAsync(fleet: fleet);
        fleet.Apply(host.Host);
        await host.FailAsync();
        using var client = await host.ConnectAsync();
        using var holder = await host.ConnectAsync("office");
        using var waiting = await host.ConnectAsync("office");
        using var asking = await host.ConnectAsync("inverter");
        await asking.SendAsync("ping\n");
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using var operators = await chromium.OpenAsync(host.Url, new() { ColorScheme = scheme });
            await operators.Page.AddInitScriptAsync(Axe());
            foreach (var (hash, title) in _views)
            {
                await operators.GoAsync(hash);
                await Operator.ReadsAsync(operators.Page.Locator("h1"), title);
                await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");
                Assert.Equal($"{title} · Proxy.Host", await operators.Page.TitleAsync());
                await CheckAsync(operators, hash);
                await operators.Page.SetViewportSizeAsync(360, 740);
                Assert.True(
                    await operators.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"),
                    $"{hash} is wider than the screen of a phone."
                );
                await CheckAsync(operators, hash);
                await operators.Page.SetViewportSizeAsync(1280, 800);
            }
        }
    }

    [RealServerFact(Chromium.Program)]
    public async Task Keyboard_WithoutPointer_ReachesEveryControl()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        var keys = operators.Page.Keyboard;
        await operators.GoAsync("");
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");

        await keys.PressAsync("Tab");
        await FocusedAsync(operators, "#skip");
        await keys.PressAsync("Enter");
        await FocusedAsync(operators, "#main");
        await keys.PressAsync("g");
        await keys.PressAsync("r");
        await Operator.ReadsAsync(operators.Page.Locator("h1"), "Routes");
        await FocusedAsync(operators, "h1");
        await keys.PressAsync("/");
        await FocusedAsync(operators, "input[type=search]");
        await keys.TypeAsync("off");
        await Operator.CountsAsync(operators.Page.Locator("main tbody tr"), 1);
        await TabToAsync(operators, "tbody a");
        await keys.PressAsync("Enter");
        await Operator.ReadsAsync(operators.Page.Locator("h1"), "office");
        await TabToAsync(operators, "button:text-is('Pause admission')");
        await keys.PressAsync("Enter");
        await Operator.SeesAsync(operators.Page.Locator("dialog[open]"));
        await keys.PressAsync("Escape");
        await Operator.CountsAsync(operators.Page.Locator("dialog[open]"), 0);
        await FocusedAsync(operators, "button:text-is('Pause admission')");
        await keys.PressAsync("?");
        await Operator.SeesAsync(operators.Heading("Keyboard shortcuts"));
        await keys.PressAsync("Escape");
        await Operator.CountsAsync(operators.Page.Locator("dialog[open]"), 0);
    }

    [RealServerFact(Chromium.Program)]
    public async Task Keys_SwitchedOff_DoNothing()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await operators.Button("Keyboard shortcuts").ClickAsync();
        await operators.Page.GetByLabel("Single-key shortcuts").UncheckAsync();
        await operators.AnswerAsync("Close");

        await operators.Page.Keyboard.PressAsync("g");
        await operators.Page.Keyboard.PressAsync("r");
        await operators.Page.Keyboard.PressAsync("?");

        await Operator.ReadsAsync(operators.Page.Locator("h1"), "Overview");
        await Operator.CountsAsync(operators.Page.Locator("dialog[open]"), 0);
    }

    [RealServerFact(Chromium.Program)]
    public async Task Theme_SystemThenChosen_IsShownAndKept()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url, new() { ColorScheme = ColorScheme.Dark });
        await operators.GoAsync("");
        Assert.True(await IsDarkAsync(operators));

        await operators.Button("Theme: System").ClickAsync();
        Assert.False(await IsDarkAsync(operators));
        await operators.Page.ReloadAsync();
        Assert.False(await IsDarkAsync(operators));
        await operators.Button("Theme: Light").ClickAsync();
        Assert.True(await IsDarkAsync(operators));
        await operators.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        Assert.True(await IsDarkAsync(operators));
    }

    [RealServerFact(Chromium.Program)]
    public async Task Ids_OfMarkup_AreShownAsText()
    {
        const string Hostile = "<img src=x onerror=alert(1)>'/&amp;%20";
        await using var host = await DashboardHost.StartAsync();
        await host.Host.EditAsync(
            host.Configuration(
                $$"""{{JsonSerializer.Serialize(Hostile)}}: { "Listen": "127.0.0.4:0", "ClusterId": "caches", "Mode": "Forward" },"""
            )
        );
        await using var operators = await chromium.OpenAsync(host.Url);
        operators.Page.Dialog += (_, dialog) => throw new InvalidOperationException(dialog.Message);
        await operators.GoAsync("#/routes");

        await operators.Page.GetByRole(AriaRole.Link, new() { Name = Hostile }).ClickAsync();
        await Operator.ReadsAsync(operators.Page.Locator("h1"), Hostile);
        await Operator.SeesAsync(operators.Page.GetByText("Listens on 127.0.0.4:0"));
        await operators.GoAsync("#/configuration");
        await Operator.FindsAsync(operators.Page.Locator(".lines").First, "onerror");

        await Operator.CountsAsync(operators.Page.Locator("main img"), 0);
    }

    [RealServerFact(Chromium.Program)]
    public async Task EventParser_TextInAnyPieces_TheSameEvents()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");

        var events = await operators.Page.EvaluateAsync<string>(
            """
            async () => {
              const { EventParser } = await import('./dashboard/sse.js');
              const text = '\uFEFF:beat\n\nevent: status\r\ndata: {"a":\rdata:1}\r\n\r\nid: 7\ndata:  two\n\nevent: none\n\ndata\n\ndata: cut';
              const all = (pieces) => { const parser = new EventParser(); return JSON.stringify(pieces.flatMap((piece) => parser.push(piece))); };
              const results = new Set([all([text]), all([...text]), ...[2, 3, 5, 7].map((n) => all(text.match(new RegExp(`[^]{1,${n}}`, 'g'))))]);
              return [...results].join(' | ');
            }
            """
        );

        Assert.Equal("""[{"name":"status","data":"{\"a\":\n1}"},{"name":"message","data":" two"},{"name":"message","data":""}]""", events);
    }

    // Tries five times: the layout follows a change of width only in the next frame, and numbers change while axe checks them. A real
    // violation is found each time.
    internal static async Task CheckAsync(Operator operators, string view)
    {
        var found = "";
        for (var i = 0; i < 5; i++)
        {
            await operators.Page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
            found = await ViolationsAsync(operators);
            if (found.Length == 0)
            {
                return;
            }
        }

        Assert.Fail($"{view}: {found}");
    }

    private static Task<string> ViolationsAsync(Operator operators) =>
        operators.Page.EvaluateAsync<string>(
            """
            async () => {
              const { violations } = await axe.run(document, { resultTypes: ['violations'] });
              return violations
                .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join('; ')}`)
                .join('\n');
            }
            """
        );

    internal static string Axe()
    {
        using var stream = typeof(DashboardAccessTests).Assembly.GetManifestResourceStream("axe.min.js")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static Task FocusedAsync(Operator operators, string selector) =>
        Assertions.Expect(operators.Page.Locator(selector).First).ToBeFocusedAsync(new() { Timeout = Operator.Limit });

    private static async Task TabToAsync(Operator operators, string selector)
    {
        await Operator.SeesAsync(operators.Page.Locator(selector).First);
        for (var i = 0; i < 60; i++)
        {
            await operators.Page.Keyboard.PressAsync("Tab");
            if (await operators.Page.Locator(selector).First.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{selector} was not reached by pressing Tab 60 times.");
    }

    private static Task<bool> IsDarkAsync(Operator operators) =>
        operators.Page.EvaluateAsync<bool>(
            "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => Number(part) < 64)"
        );
}
