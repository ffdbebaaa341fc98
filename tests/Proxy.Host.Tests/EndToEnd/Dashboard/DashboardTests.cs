using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Proxy.Diagnostics;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>The dashboard in a real browser: the page updates itself.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Overview_AConnectionOpensAndCloses_IsShownWithoutReload()
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
    public async Task Overview_ADestinationIsDown_IsNamedWithItsCauseAndALink()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");
        var recent = host.Host.Services.GetRequiredService<RecentOutcomes>();
        var address = host
            .Host.Services.GetRequiredService<ClusterRegistry>()
            .Find("caches")!
            .Destinations.Single(static one => one.Id == "a")
            .Address;
        for (var i = 0; i < 3; i++)
        {
            recent.Of("caches", "a").NotReached(address, FailureReason.Refused, "Connection refused");
        }

        var notice = operators.Page.Locator(".notices");
        await Operator.FindsAsync(notice, "Destination caches/a is down");
        await Operator.FindsAsync(notice, "Connecting fails: Connection refused");
        await Operator.FindsAsync(operators.Page.Locator("#says"), "Destination caches/a is down");
        await notice.GetByRole(AriaRole.Link, new() { Name = "Details" }).First.ClickAsync();
        await Operator.SeesAsync(operators.Page.Locator("h1").Filter(new() { HasText = "caches" }));
    }

    [RealServerFact(Chromium.Program)]
    public async Task Overview_ARejectedEdit_IsAnnouncedAndShownBelowItsLine()
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
    public async Task Stream_HostRestarts_IsAnnouncedAndReconnectsByItself()
    {
        var port = Ports.Free();
        await using var host = await DashboardHost.StartAsync(port);
        await using var operators = await chromium.OpenAsync(host.Url);
        operators.Expect("net::ERR_"); // the browser's error for a host that is not reachable
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
    public async Task Token_WrongThenRight_IsRequestedAgainAndKeptInTheTab()
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
    public async Task Pause_ThenResume_NumbersDoNotChangeMeanwhile()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Operator.ReadsAsync(operators.Tile("Open connections"), "0");
        await operators.Button("Pause").ClickAsync();
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Paused");

        using var client = await host.ConnectAsync();
        // The page has received the connection, but shows it only when updates resume.
        await Eventually.TrueAsync(() =>
            operators.Page.EvaluateAsync<bool>("async () => (await import('./dashboard/store.js')).store.status?.connections.open === 1")
        );
        await Operator.ReadsAsync(operators.Tile("Open connections"), "0");
        await operators.Button("Resume").ClickAsync();

        await Operator.ReadsAsync(operators.Tile("Open connections"), "1");
    }

    // Both hosts may have started in the same second, so the displayed time is not enough; the store has microseconds.
    private static async Task<string> StartedAsync(Operator operators)
    {
        await Assertions.Expect(operators.Page.Locator(".facts dd").First).Not.ToHaveTextAsync("", new() { Timeout = Operator.Limit });
        return await operators.Page.EvaluateAsync<string>(
            "async () => (await import('./dashboard/store.js')).store.status?.startedAt ?? ''"
        );
    }
}
