using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Proxy.Diagnostics;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;
using Proxy.Multiplexing;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>What the dashboard shows of faults: what needs attention, since when and why, and what happened before the page was opened.</summary>
[Collection(BrowserTests.Name)]
public sealed partial class DashboardHealthTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Overview_ManyDestinationsAreDown_OneRowWithCauseTimeAndLinks()
    {
        await using var host = await TestHost.StartAsync(ManyClusters(10));
        await using var operators = await chromium.OpenAsync(host.Urls[0]);
        await operators.GoAsync("");
        var row = Attention(operators, "20 destinations in 10 clusters are down");

        await Operator.FindsAsync(row, "Active checks fail; 10 clusters have no destination left: Connection refused");
        await Operator.FindsAsync(row, "since ");
        await Operator.CountsAsync(operators.Page.Locator(".notices li"), 1);
        await row.GetByRole(AriaRole.Link, new() { Name = "All 20" }).ClickAsync();
        await Operator.ReadsAsync(operators.Page.Locator("h1"), "Health");
        await Operator.CountsAsync(operators.Page.Locator("main tbody tr"), 20);
        await operators.Page.GetByLabel("Filter conditions").FillAsync("c3/");
        await Operator.CountsAsync(operators.Page.Locator("main tbody tr"), 2);
        await operators.Page.GetByRole(AriaRole.Link, new() { Name = "c3/b" }).ClickAsync();

        await Operator.ReadsAsync(operators.Page.Locator("h1"), "c3");
        await Operator.FindsAsync(Attention(operators, "Destination c3/b is down"), "Active checks fail: Connection refused");
        await Operator.FindsAsync(operators.Row("active: unhealthy").First, "Down");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Destination_RefusesWithoutChecks_IsDownWithErrorTimeAndDials()
    {
        await using var host = await DashboardHost.StartAsync();
        await host.FailAsync(clients: 3);
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        var mail = Attention(operators, "Destination mail/a is down");
        await Operator.FindsAsync(mail, "Connecting fails; 1 cluster has no destination left: Connection refused");
        await using (new Repeating(host.FailOneAsync))
        {
            await Operator.FindsAsync(Attention(operators, "Route mail is down"), " in the last minute");
        }

        await mail.GetByRole(AriaRole.Link, new() { Name = "Details" }).ClickAsync();

        await Operator.ReadsAsync(operators.Page.Locator("h1"), "mail");
        var row = operators.Page.Locator("main tbody tr");
        foreach (var text in new[] { "Down", "checks off", "Connection refused, since " })
        {
            await Operator.FindsAsync(row, text);
        }

        // A client is dialed for several times, and every dial has failed.
        await Eventually.TrueAsync(async () =>
            int.TryParse(await Cell(row, "Dials").InnerTextAsync(), CultureInfo.InvariantCulture, out var dials)
            && dials >= 3
            && await Cell(row, "Failed").InnerTextAsync() == $"{dials}"
        );
        Assert.DoesNotMatch("Unknown|Available", await row.InnerTextAsync());
    }

    [RealServerFact(Chromium.Program)]
    public async Task Device_AcceptsAndIsMute_IsDownOnEveryPage()
    {
        await using var host = await DashboardHost.StartAsync(timeout: "00:00:00.1");
        var sessions = host.Host.Services.GetRequiredService<MultiplexRegistry>();
        for (var i = 0; sessions.Find("inverter", "d")?.Unanswered is not { Count: >= 3 }; i++)
        {
            using var client = await host.ConnectAsync("inverter");
            await client.SendAsync($"ping {i}\n");
            await client.ReadAsync();
        }

        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Attention(operators, "Device inverter/d is down").GetByRole(AriaRole.Link, new() { Name = "Details" }).ClickAsync();

        await Operator.ReadsAsync(operators.Page.Locator("h1"), "inverter");
        await Operator.SeesAsync(operators.Page.GetByText(DownAndWhy()));
        await Assertions.Expect(operators.Tile("Failed requests")).Not.ToHaveTextAsync("0", new() { Timeout = Operator.Limit });
        await Operator.FindsAsync(operators.Row("NoAnswer"), "The device did not answer in time");
        await operators.GoAsync("#/clusters/inverter");
        await Operator.FindsAsync(operators.Page.Locator("main tbody tr"), "Down");
        await operators.GoAsync("#/routes");
        await Operator.FindsAsync(operators.Row("inverter"), "Down");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Lock_PausedAndFull_SaysThatItIsPaused()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/routes/office");
        await operators.Button("Pause admission").ClickAsync();
        await operators.AnswerAsync("Pause");

        await Operator.FindsAsync(Attention(operators, "Lock office is degraded"), "Paused by an operator");
        await operators.GoAsync("");

        await Operator.FindsAsync(Attention(operators, "Lock office is degraded"), "Paused by an operator");
    }

    [RealServerFact(Chromium.Program)]
    public async Task HttpRoute_Answers502_HasFiguresOfItsOwn()
    {
        await using var host = await TestHost.StartAsync(
            """
            { "Admin": { "Url": "http://127.0.0.1:0" },
              "Log": { "Access": { "Path": "/dev/null" } },
              "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.2:0" } } },
              "ReverseProxy": {
                "Routes": { "site": { "ClusterId": "site", "Match": { "Path": "{**path}" } } },
                "Clusters": { "site": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } } } }
            """
        );
        using var http = new HttpClient();
        var site = host.Urls.Single(static url => url.Host == "127.0.0.2");
        await AskAsync();
        await using var operators = await chromium.OpenAsync(host.Urls.Single(static url => url.Host == "127.0.0.1"));
        await operators.GoAsync("#/routes");
        var row = operators.Row("site");

        await Operator.ReadsAsync(Cell(row, "5xx"), "1");
        await Operator.ReadsAsync(Cell(row, "Failed"), "1");
        await operators.GoAsync("");
        await Operator.FindsAsync(operators.Row("status 502"), "site");
        await Operator.ReadsAsync(operators.Tile("Failed"), "1");

        await using var failing = new Repeating(AskAsync);
        await Operator.FindsAsync(Attention(operators, "Route site is down"), "Connection refused");
        await operators.GoAsync("#/routes");
        await Operator.FindsAsync(row, "Down");

        async Task AskAsync()
        {
            using var answer = await http.GetAsync(site);
        }
    }

    [RealServerFact(Chromium.Program)]
    public async Task Overview_HasNoSampleFromBeforeTheFailures_CountsThemAll()
    {
        await using var host = await DashboardHost.StartAsync();
        await host.FailAsync(clients: 2);
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.Page.RouteAsync(
            "**/api/history",
            static route => route.FulfillAsync(new() { ContentType = "application/json", Body = "{\"samples\":[],\"ends\":[]}" })
        );
        await operators.GoAsync("");
        var outcome = operators.Card("How connections ended").Locator("tbody tr").Filter(new() { HasText = "ConnectFailed" });

        await Operator.ReadsAsync(operators.Tile("Failed"), "2");
        await Operator.ReadsAsync(outcome.Locator("td").Nth(0), "2");
        await Operator.ReadsAsync(outcome.Locator("td").Nth(1), "2");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Routes_SortedByFailed_TheFailingOneIsFirst()
    {
        await using var host = await DashboardHost.StartAsync();
        await host.FailAsync(clients: 2);
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/routes");
        var first = operators.Page.Locator("main tbody tr").First;
        await Operator.FindsAsync(first, "cache");

        await operators.Page.GetByRole(AriaRole.Columnheader, new() { Name = "Failed" }).First.GetByRole(AriaRole.Button).ClickAsync();

        await Operator.FindsAsync(first, "mail");
        await Operator.ReadsAsync(Cell(first, "Failed"), "2");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Overview_OpenedAfterAFault_ChartsAndEndsShowIt()
    {
        await using var host = await DashboardHost.StartAsync();
        await host.FailAsync(clients: 1);
        var history = host.Host.Services.GetRequiredService<TrafficHistory>();
        await Eventually.TrueAsync(() => history.Samples is [.., { Failed: > 0 }, { Failed: > 0 }]);
        var id = history.Ends.Single(static end => end.Outcome == ConnectionOutcome.ConnectFailed).Id;
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");

        operators.Expect("404"); // the page asks for an open connection before an ended one
        // The failure lies before the page's own first sample, so only the host can have told it.
        await Operator.ReadsAsync(operators.Tile("Failed"), "1");
        await operators.Row("ConnectFailed").GetByRole(AriaRole.Link, new() { Name = id }).ClickAsync();

        await Operator.ReadsAsync(operators.Page.Locator("h1"), $"Connection {id}");
        await Operator.FindsAsync(operators.Page.Locator("main"), "Connecting to a destination failed.");
        await operators.GoAsync("#/ends?filter=mail");
        await Operator.CountsAsync(operators.Page.Locator("main tbody tr"), 1);
    }

    [RealServerFact(Chromium.Program)]
    public async Task Phone_TablesAreCards_AndNamesStayWhole()
    {
        const string Long = "customer-4711-europe-west-production-database-replica-42";
        await using var host = await DashboardHost.StartAsync();
        await host.Host.EditAsync(host.Configuration($$"""{{'"'}}{{Long}}": { "Listen": "127.0.0.4:0", "ClusterId": "caches" },"""));
        await using var operators = await chromium.OpenAsync(
            host.Url,
            new()
            {
                ViewportSize = new() { Width = 390, Height = 844 },
            }
        );
        await operators.GoAsync("#/routes");
        var name = operators.Page.GetByRole(AriaRole.Rowheader, new() { Name = "inverter" }).GetByRole(AriaRole.Link);
        await Operator.SeesAsync(name);

        Assert.Equal(1, await name.EvaluateAsync<int>("element => element.getClientRects().length"));
        Assert.Equal("grid", await operators.Row("inverter").EvaluateAsync<string>("row => getComputedStyle(row).display"));
        Assert.Equal(
            "\"Failed\"",
            await Cell(operators.Row("inverter"), "Failed").EvaluateAsync<string>("cell => getComputedStyle(cell, '::before').content")
        );
        var cut = operators.Page.GetByRole(AriaRole.Link, new() { Name = Long, Exact = true });
        await Operator.ReadsAsync(cut.Locator(".cut"), "customer-4711-eur…e-replica-42");
        Assert.Equal(Long, await cut.GetAttributeAsync("title"));
        await cut.FocusAsync();
        await Operator.SeesNotAsync(cut.Locator(".cut"));
        Assert.True(await cut.Locator(".whole").EvaluateAsync<bool>("whole => whole.getBoundingClientRect().width > 100"));
    }

    // The connection of a device that does not answer is replaced, so either may be told.
    [GeneratedRegex("^Down: (requests are not answered|connections are lost)")]
    private static partial Regex DownAndWhy();

    private static ILocator Attention(Operator operators, string title) =>
        operators.Page.Locator(".notices li").Filter(new() { Has = operators.Page.GetByText(title, new() { Exact = true }) });

    private static ILocator Cell(ILocator row, string column) => row.Locator($"[data-label='{column}']");

    private static string ManyClusters(int count) =>
        $$"""
            { "Admin": { "Url": "http://127.0.0.1:0" },
              "ReverseProxy": { "Clusters": { {{string.Join(',', Enumerable.Range(0, count).Select(static i => $$"""
            "c{{i}}": {
              "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:01", "Timeout": "00:00:05" } },
              "Destinations": { "a": { "Address": "tcp://127.0.0.1:1" }, "b": { "Address": "tcp://127.0.0.1:1" } } }
            """))}} } } }
            """;
}
