using Microsoft.Playwright;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>The dashboard in a real browser: what is seen changes by itself.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Overview_AConnectionComesAndGoes_IsSeenWithoutReload()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Operator.ReadsAsync(operators.Tile("Open connections"), "0");

        using (var client = await host.ConnectAsync())
        {
            await Operator.ReadsAsync(operators.Tile("Open connections"), "1");
            await client.AskAsync("hello");
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }

        await Operator.ReadsAsync(operators.Tile("Open connections"), "0");
        await Operator.FindsAsync(operators.Row("Completed").Locator("td").Nth(1), "1");
        await Operator.SeesAsync(operators.Page.Locator("figure.chart canvas").First);
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Overview_ARejectedEdit_IsToldAndShownBesideItsLine()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");

        await host.Host.WriteAsync(
            host.Configuration().Replace("\"cache\": { \"Listen\"", "\"cache\": { \"Lissten\"", StringComparison.Ordinal)
        );

        await Operator.FindsAsync(operators.Page.Locator(".notices"), "The last edit was rejected");
        await Operator.FindsAsync(operators.Page.Locator("#says"), "The last edit was rejected");
        await operators.Page.GetByRole(AriaRole.Link, new() { Name = "Show in the file" }).ClickAsync();
        await Operator.FindsAsync(operators.Page.Locator(".lines li.wrong").First, "did you mean 'Listen'?");
        await Operator.FindsAsync(operators.Page.Locator(".lines li.wrong").First, "\"Lissten\"");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Stream_HostRestarts_IsToldAndConnectsAgainByItself()
    {
        var port = Ports.Free();
        await using var host = await DashboardHost.StartAsync(port);
        await using var operators = await chromium.OpenAsync(host.Url);
        operators.Expect("net::ERR_"); // the browser's own words for a host that is away
        await operators.GoAsync("#/about");
        var started = await StartedAsync(operators);

        await host.Host.DisposeAsync();
        await Operator.FindsAsync(operators.Page.Locator("#banner"), "Connection lost");
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Connection lost");
        await host.StartHostAsync();

        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");
        await Operator.SeesNotAsync(operators.Page.Locator("#banner"));
        await Eventually.TrueAsync(async () => await StartedAsync(operators) != started);
        await Operator.FindsAsync(operators.Page.Locator("#says"), "The host was restarted.");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Token_WrongThenRight_IsAskedForAndKeptInTheTab()
    {
        await using var host = await DashboardHost.StartAsync(admin: "\"Token\": \"s3cret\"");
        await using var operators = await chromium.OpenAsync(host.Url);
        operators.Expect("401");
        await operators.GoAsync("#/clusters");
        var field = operators.Page.GetByRole(AriaRole.Textbox, new() { Name = "Token" });

        await field.FillAsync("guess");
        await operators.AnswerAsync("Continue");
        await Operator.SeesAsync(operators.Page.GetByText("The host did not accept this token."));
        await field.FillAsync("s3cret");
        await operators.AnswerAsync("Continue");

        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");
        await Operator.SeesAsync(operators.Heading("caches"));
        await operators.Page.ReloadAsync();
        await Operator.SeesAsync(operators.Heading("caches"));
    }

    [RealServerFact(Chromium.Program)]
    public async Task Pause_ThenGoOn_NumbersRest()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Operator.ReadsAsync(operators.Tile("Open connections"), "0");
        await operators.Button("Pause").ClickAsync();
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Paused");

        using var client = await host.ConnectAsync();
        // The page has heard of the connection, and shows it only when it goes on.
        await Eventually.TrueAsync(() =>
            operators.Page.EvaluateAsync<bool>("async () => (await import('./dashboard/store.js')).store.status?.connections.open === 1")
        );
        await Operator.ReadsAsync(operators.Tile("Open connections"), "0");
        await operators.Button("Resume").ClickAsync();

        await Operator.ReadsAsync(operators.Tile("Open connections"), "1");
    }

    // In one process both starts may show the same time of day: the page knows it to the microsecond.
    private static async Task<string> StartedAsync(Operator operators)
    {
        await Assertions.Expect(operators.Page.Locator(".facts dd").First).Not.ToHaveTextAsync("", new() { Timeout = Operator.Limit });
        return await operators.Page.EvaluateAsync<string>(
            "async () => (await import('./dashboard/store.js')).store.status?.startedAt ?? ''"
        );
    }
}
