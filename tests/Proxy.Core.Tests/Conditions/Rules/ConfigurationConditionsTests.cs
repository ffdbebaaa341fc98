using Proxy.Conditions;
using Proxy.Conditions.Rules;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class ConfigurationConditionsTests
{
    [Fact]
    public async Task Read_EditRejected_DegradedUntilItIsCorrected()
    {
        await using var host = await EditedHost.StartAsync(Json("127.0.0.1:0"));
        Assert.All(Read(host), static one => Assert.Equal(ConditionLevel.Ok, one.Level));
        var before = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(1);

        await host.EditAsync("""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "nowhere" } } } }""");

        var edit = Assert.Single(Read(host), static one => one.Level != ConditionLevel.Ok);
        Assert.Equal((ConditionKind.Configuration, "edit", ConditionReason.Rejected), (edit.Kind, edit.Id, edit.Reason));
        Assert.Contains("nowhere", edit.LastError, StringComparison.Ordinal);
        Assert.InRange(edit.Since!.Value, before, TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        await host.EditAsync("""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "elsewhere" } } } }""");
        Assert.Equal(edit.Since, Assert.Single(Read(host), static one => one.Level != ConditionLevel.Ok).Since);

        await host.EditAsync(Json("127.0.0.2:0"));
        Assert.All(Read(host), static one => Assert.Equal(ConditionLevel.Ok, one.Level));
    }

    [Fact]
    public async Task Read_AddressIsInUse_ListenerDown()
    {
        using var taken = new TcpServer("taken");
        await using var host = await EditedHost.StartAsync(Json("127.0.0.1:0"));

        await host.EditAsync(Json($"127.0.0.1:{taken.Port}"));

        var listener = Assert.Single(Read(host), static one => one.Level != ConditionLevel.Ok);
        Assert.Equal(
            (ConditionKind.Listener, ConditionLevel.Down, ConditionReason.BindFailed),
            (listener.Kind, listener.Level, listener.Reason)
        );
        Assert.Contains($"{taken.Port}", listener.Id, StringComparison.Ordinal);
        Assert.NotNull(listener.Since);
        await host.EditAsync(Json("127.0.0.1:0"));
        Assert.All(Read(host), static one => Assert.Equal(ConditionLevel.Ok, one.Level));
    }

    [Fact]
    public async Task Read_SectionThatAppliesAtStartIsEdited_Degraded()
    {
        await using var host = await EditedHost.StartAsync(Json("127.0.0.1:0"));

        await host.EditAsync(Json("127.0.0.1:0").Insert(1, """ "Demo": { "Enabled": true }, """));

        var section = Assert.Single(Read(host), static one => one.Level != ConditionLevel.Ok);
        Assert.Equal(("Demo", ConditionReason.RestartNeeded), (section.Id, section.Reason));
        Assert.NotNull(section.Since);
    }

    private static IReadOnlyList<Condition> Read(EditedHost host) =>
        [
            .. host.Service<ConditionRegistry>()
                .Read()
                .Where(static one => one.Kind is ConditionKind.Configuration or ConditionKind.Listener),
        ];

    private static string Json(string listen) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "{{listen}}", "ClusterId": "c" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
            """;
}
