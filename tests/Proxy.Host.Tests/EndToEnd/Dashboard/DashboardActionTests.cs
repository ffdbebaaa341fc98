using Microsoft.Playwright;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>The actions of an operator in the dashboard, and their confirmation.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardActionTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Close_Confirmed_TheConnectionIsReset()
    {
        await using var host = await DashboardHost.StartAsync();
        using var client = await host.ConnectAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/connections");
        var close = operators.Row("cache").GetByRole(AriaRole.Button);

        await close.ClickAsync();
        await operators.AnswerAsync("Cancel");
        Assert.Equal("still here", await client.AskAsync("still here"));
        await close.ClickAsync();
        await operators.AnswerAsync("Close connection");

        Assert.Null(await client.ReadAsync());
        await Operator.SeesAsync(operators.Page.GetByText("No open connection matches."));
        await Operator.FindsAsync(operators.Page.Locator("#says"), "is closed.");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Drain_Confirmed_NewConnectionsGoElsewhereUntilUndrained()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/clusters/caches");
        Assert.Equal("one", await GreetingAsync(host));

        await operators.Button("Drain a").ClickAsync();
        await operators.AnswerAsync("Drain");
        await Operator.FindsAsync(operators.Row("a").First, "Drained");
        Assert.Equal("two", await GreetingAsync(host));
        await operators.GoAsync("");
        await Operator.FindsAsync(operators.Page.Locator(".notices"), "Destination a of cluster caches is drained");
        await operators.GoAsync("#/clusters/caches");
        await operators.Button("Undrain a").ClickAsync();
        await operators.AnswerAsync("Undrain");

        await Operator.FindsAsync(operators.Row("a").First, "Available");
        Assert.Equal("one", await GreetingAsync(host));
    }

    [RealServerFact(Chromium.Program)]
    public async Task CloseConnections_OfADestination_AllAreReset()
    {
        await using var host = await DashboardHost.StartAsync();
        using var one = await host.ConnectAsync();
        using var other = await host.ConnectAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/routes/cache");

        await operators.Button("Close connections of a").ClickAsync();
        await Operator.FindsAsync(operators.Page.Locator("dialog[open] h2"), "2 connections of a");
        await operators.AnswerAsync("Close connections");

        Assert.Null(await one.ReadAsync());
        Assert.Null(await other.ReadAsync());
    }

    [RealServerFact(Chromium.Program)]
    public async Task Lock_PauseCloseAndResume_QueueIsShownInOrder()
    {
        await using var host = await DashboardHost.StartAsync();
        using var holder = await host.ConnectAsync("office");
        Assert.Equal("one", await holder.ReadAsync());
        using var second = await host.ConnectAsync("office");
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/routes/office");
        var (holders, queue) = (operators.Card("Holders").Locator("tbody tr"), operators.Card("Queue").Locator("tbody tr"));
        await Operator.CountsAsync(holders, 1);
        await Operator.CountsAsync(queue, 1);
        using var third = await host.ConnectAsync("office");
        await Operator.CountsAsync(queue, 2);
        await Operator.ReadsAsync(queue.Nth(1).Locator("td").First, "2");

        await operators.Button("Pause admission").ClickAsync();
        await operators.AnswerAsync("Pause");
        await Operator.SeesAsync(operators.Page.GetByText("Paused by an operator"));
        await queue.First.GetByRole(AriaRole.Button).ClickAsync();
        await operators.AnswerAsync("Close connection");
        Assert.Null(await second.ReadAsync());
        await Operator.CountsAsync(queue, 1);
        holder.Dispose();
        await Operator.CountsAsync(holders, 0);
        await Operator.CountsAsync(queue, 1);
        await operators.Button("Resume admission").ClickAsync();
        await operators.AnswerAsync("Resume");

        Assert.Equal("one", await third.ReadAsync());
        await Operator.CountsAsync(holders, 1);
        await Operator.CountsAsync(queue, 0);
    }

    [RealServerFact(Chromium.Program)]
    public async Task Multiplex_ARequestInFlight_IsShownAndConnectionsAreRenewed()
    {
        await using var host = await DashboardHost.StartAsync();
        using var client = await host.ConnectAsync("inverter");
        await client.SendAsync("ping\n");
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/routes/inverter");
        var flying = operators.Page.GetByRole(AriaRole.Region, new() { Name = "Exchanges in flight" }).Locator("tbody tr");

        await Operator.CountsAsync(flying, 1);
        await Operator.SeesAsync(operators.Page.GetByText("Connected", new() { Exact = true }));
        host.Answers.Release();
        Assert.Equal("ping\n", await client.ReadAsync());
        await Operator.CountsAsync(flying, 0);
        await operators.Button("Renew connections to d").ClickAsync();
        await operators.AnswerAsync("Renew");

        await Operator.FindsAsync(operators.Page.Locator("#says"), "The connections to d are being renewed.");
    }

    [RealServerFact(Chromium.Program)]
    public async Task ReadOnly_Action_IsDisabledAndShowsTheReason()
    {
        await using var host = await DashboardHost.StartAsync(admin: "");
        using var client = await host.ConnectAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/connections");
        var close = operators.Row("cache").GetByRole(AriaRole.Button);

        await Assertions.Expect(close).ToHaveAttributeAsync("aria-disabled", "true", new() { Timeout = Operator.Limit });
        await close.FocusAsync();
        await operators.Page.Keyboard.PressAsync("Enter");

        await Operator.FindsAsync(operators.Page.Locator("#says"), "Admin:AllowChanges is false");
        await Operator.CountsAsync(operators.Page.Locator("dialog[open]"), 0);
        Assert.Equal("still here", await client.AskAsync("still here"));
    }

    [RealServerFact(Chromium.Program)]
    public async Task Connections_MoreThanAPage_ArePagedAndFiltered()
    {
        await using var host = await DashboardHost.StartAsync();
        var clients = new List<TcpClientSocket>();
        for (var i = 0; i < 130; i++)
        {
            clients.Add(await host.ConnectAsync());
        }

        using var waiting = await host.ConnectAsync("office");
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/connections");
        var rows = operators.Page.Locator("main tbody tr");
        await Operator.CountsAsync(rows, 100);
        await Operator.SeesAsync(operators.Page.GetByText("131 of 131 open connections"));

        await operators.Button("Next page").ClickAsync();
        await Operator.CountsAsync(rows, 31);
        await operators.Button("Previous page").ClickAsync();
        await Operator.CountsAsync(rows, 100);
        await operators.Page.GetByLabel("Route", new() { Exact = true }).FillAsync("office");

        await Operator.CountsAsync(rows, 1);
        await Operator.SeesAsync(operators.Page.GetByText("1 of 131 open connections"));
        await Eventually.TrueAsync(() => operators.Page.Url.EndsWith("#/connections?route=office", StringComparison.Ordinal));
        clients.ForEach(static client => client.Dispose());
    }

    [RealServerFact(Chromium.Program)]
    public async Task Validate_ADocument_ShowsErrorsBelowTheirLinesOrTheChanges()
    {
        await using var host = await DashboardHost.StartAsync(admin: "");
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/configuration/validate");
        var text = operators.Page.GetByLabel("Configuration document");

        await text.FillAsync("{ \"ReverseProxy\": {\n \"TcpRoute\": {} } }");
        await operators.Button("Validate").ClickAsync();
        await Operator.FindsAsync(operators.Page.Locator(".lines li.wrong"), "did you mean 'TcpRoutes'?");
        await text.FillAsync(host.Configuration().Replace("\"FirstAlphabetical\"", "\"RoundRobin\"", StringComparison.Ordinal));
        await operators.Button("Validate").ClickAsync();

        await Operator.SeesAsync(operators.Heading("The document is valid"));
        await Operator.FindsAsync(operators.Row("LoadBalancingPolicy").First, "RoundRobin");
    }

    private static async Task<string?> GreetingAsync(DashboardHost host)
    {
        using var client = await TcpClientSocket.ConnectAsync(host.Address("cache"));
        return await client.ReadAsync();
    }
}
