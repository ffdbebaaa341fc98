using System.Text;
using Microsoft.Extensions.Configuration;
using Proxy.Conditions;
using Proxy.Etcd.Documents;
using Proxy.Revisions;

namespace Proxy.Etcd.Tests.Documents;

/// <summary>A host with a document that hosts share: edits of every kind, and an engine that is away.</summary>
public sealed class SharedConfigurationTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(6); // twice Engine:Etcd:Timeout

    private readonly SharedLayersFixture _fixture = new();

    [Fact]
    public async Task Follow_DocumentIsEdited_EveryHostRunsIt()
    {
        var first = Put("one");
        await using var here = await SharedHost.StartAsync(_fixture);
        await using var there = await SharedHost.StartAsync(_fixture);
        Assert.Equal(("one", new SharedDocument("etcd:fleet", first, first, IsRejected: false)), (here.Clusters, here.Document));

        var second = Put("two");

        await Eventually.TrueAsync(() => here.Clusters == "two" && there.Clusters == "two");
        Assert.Equal(new SharedDocument("etcd:fleet", second, second, IsRejected: false), there.Document);
    }

    // A document of another name that begins with the same letters is another one.
    [Fact]
    public async Task Follow_AnotherDocumentIsEdited_NothingChanges()
    {
        var first = Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);

        _fixture.Cluster.Put($"{SharedLayersFixture.Key}2", "{]");
        var third = Put("three");

        await Eventually.TrueAsync(() => host.Clusters == "three");
        Assert.Equal(third, host.Document.Running);
        Assert.Empty(host.State.Rejected);
        Assert.NotEqual(first, third);
    }

    [Fact]
    public async Task Follow_OnlyWhiteSpaceIsEdited_TheNewRevisionRunsWithoutAnEdit()
    {
        Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);
        var running = host.State.Running;

        var second = _fixture.Cluster.Put(SharedLayersFixture.Key, SharedLayersFixture.Document("one") + "\n");

        await Eventually.TrueAsync(() => host.Document.Running == second);
        Assert.Same(running, host.State.Running);
    }

    [Theory]
    [InlineData("{]", "etcd:fleet line 1: is not valid JSON")]
    [InlineData("[]", "etcd:fleet line 1: the document must be one JSON object")]
    [InlineData("{\n \"Engine\": { } }", "etcd:fleet line 2: Engine: says how the engine is reached")]
    [InlineData(
        "{\n \"ReverseProxy\": { \"TcpRoutes\": {\n \"r\": { \"Listen\": \"x\" } } } }",
        "etcd:fleet line 3: ReverseProxy:TcpRoutes:r:"
    )]
    public async Task Follow_BadContent_LastGoodOneRunsOnAndThePlaceIsTold(string text, string told)
    {
        var first = Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);

        var bad = _fixture.Cluster.Put(SharedLayersFixture.Key, text);

        await Eventually.TrueAsync(() => host.State.Rejected.Count > 0);
        Assert.StartsWith(told, host.State.Rejected[0].ToString(), StringComparison.Ordinal);
        Assert.Equal(("one", new SharedDocument("etcd:fleet", first, bad, IsRejected: true)), (host.Clusters, host.Document));
        Assert.Contains(
            host.Wrong,
            static one => one is { Kind: ConditionKind.Configuration, Id: "edit", Reason: ConditionReason.Rejected }
        );

        var third = Put("three");
        await Eventually.TrueAsync(() => host.Clusters == "three");
        Assert.Equal(new SharedDocument("etcd:fleet", third, third, IsRejected: false), host.Document);
    }

    [Fact]
    public async Task Follow_DocumentIsRemoved_LastContentRunsOnUntilThereIsAnother()
    {
        var first = Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);

        var removed = _fixture.Cluster.Remove(SharedLayersFixture.Key);

        await Eventually.TrueAsync(() => host.State.Rejected.Count > 0);
        Assert.Equal(
            "etcd:fleet: was removed from the engine, and its last content stays in use; write it again with 'proxy config put fleet FILE'.",
            host.State.Rejected[0].ToString()
        );
        Assert.Equal(("one", new SharedDocument("etcd:fleet", first, removed, IsRejected: true)), (host.Clusters, host.Document));

        Put("one");
        await Eventually.TrueAsync(() => host.State.Rejected.Count == 0);
        Assert.False(host.Document.IsRejected);
    }

    [Fact]
    public async Task Follow_EngineAwayAndCompacted_WhatWasMissedComesAfterwards()
    {
        Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);

        host.Store.Leave("No answer.");
        await Eventually.TrueAsync(() => host.Document.Stale is not null);
        var stale = Assert.Single(host.Wrong, static one => one.Id == "etcd:fleet");
        Assert.Equal(
            (ConditionKind.Configuration, ConditionLevel.Degraded, ConditionReason.OutOfDate, "No answer."),
            (stale.Kind, stale.Level, stale.Reason, stale.LastError)
        );
        Put("two");
        var third = Put("three");
        _fixture.Cluster.Compact();
        Assert.Equal("one", host.Clusters);

        host.Store.Return();

        await Eventually.TrueAsync(() => host.Clusters == "three");
        Assert.Equal(new SharedDocument("etcd:fleet", third, third, IsRejected: false), host.Document);
        Assert.DoesNotContain(host.Wrong, static one => one.Id == "etcd:fleet");
        Assert.Contains("Information: etcd:fleet is up to date again.", _fixture.Log.All);
    }

    // Revisions begin anew then, so that the other content may have the revision of the one that runs.
    [Fact]
    public async Task Follow_DataOfTheEngineIsLost_WhatIsWrittenAnewRuns()
    {
        var first = Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);

        _fixture.Cluster.LoseData();
        await Eventually.TrueAsync(() => host.State.Rejected.Count > 0);
        Assert.Equal("one", host.Clusters);
        var again = Put("two");

        Assert.Equal(first, again);
        await Eventually.TrueAsync(() => host.Clusters == "two" && host.State.Rejected.Count == 0);
        await Eventually.TrueAsync(() => File.ReadAllText(_fixture.Copy).Contains("\"two\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Follow_DocumentWithASecret_RunsAndIsWarnedOf()
    {
        await using var host = await StartAsync("one");

        _fixture.Cluster.Put(
            SharedLayersFixture.Key,
            SharedLayersFixture
                .Document("two")
                .Replace(
                    "{\n  \"Rev",
                    "{\n \"Admin\": { \"Url\": \"http://127.0.0.1:0\", \"Token\": \"0123456789abcdef\" },\n  \"Rev",
                    StringComparison.Ordinal
                )
        );

        await Eventually.TrueAsync(() => host.Clusters == "two");
        var warning = Assert.Single(host.State.Running!.Warnings, static one => one.Path == "Admin:Token");
        Assert.StartsWith("etcd:fleet line 2: Admin:Token: is a secret", warning.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_DocumentOfTheEngine_IsShownWithItsRevision()
    {
        var first = Put("one");
        await using var host = await SharedHost.StartAsync(_fixture);

        var shown = Assert.Single(host.Inspector.Files());

        Assert.Equal(("etcd:fleet", true, first), (shown.Path, shown.Exists, shown.Revision));
        Assert.Equal(SharedLayersFixture.Document("one"), shown.Text);
        Assert.Empty(host.Inspector.Difference());
        host.Inspector.Reload();
        Assert.Equal("one", host.Clusters);
    }

    [Fact]
    public async Task Open_EngineAway_KeptCopyRunsUntilItAnswers()
    {
        var first = Put("one");
        await (await SharedHost.StartAsync(_fixture)).DisposeAsync();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_fixture.Copy));
        }

        Assert.Single(Directory.GetFiles(_fixture.Folder));
        var store = _fixture.Cluster.Join();
        store.Leave("No answer.");

        await using var host = await StartWithoutEngineAsync(store);

        Assert.Equal(("one", true, first), (host.Clusters, host.Document.IsKept, host.Document.Running));
        Assert.Contains(
            $"Warning: etcd:fleet cannot be read, so revision {first} is used, which was kept in {_fixture.Copy}, until the engine answers: No answer.",
            _fixture.Log.All
        );
        var stale = Assert.Single(host.Wrong, static one => one.Id == "etcd:fleet");
        Assert.Equal(
            (ConditionReason.OutOfDate, $"The copy of revision {first} that was kept here runs. No answer."),
            (stale.Reason, stale.LastError)
        );

        var second = Put("two");
        store.Return();
        await Eventually.TrueAsync(() => host.Clusters == "two");
        Assert.Equal(new SharedDocument("etcd:fleet", second, second, IsRejected: false), host.Document);
        await Eventually.TrueAsync(() => File.ReadAllText(_fixture.Copy).Contains("\"two\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_EngineAwayAndNothingWasKept_IsAnError()
    {
        var store = _fixture.Cluster.Join();
        store.Leave("No answer.");

        var exception = await Assert.ThrowsAsync<DocumentException>(() => StartWithoutEngineAsync(store));

        Assert.Equal(
            (false, $"etcd:fleet cannot be read within 6 s, and no copy of it was kept in {_fixture.Copy}: No answer."),
            (exception.IsInput, exception.Message)
        );
    }

    [Theory]
    [InlineData("torn", "it is not whole.")]
    [InlineData("changed", "it is not whole.")]
    [InlineData("empty", "it is not whole.")]
    [InlineData("of another group", "it is of /proxy/other/config/fleet, not of /proxy/prod/config/fleet.")]
    public async Task Open_KeptCopyIsDamaged_IsNotUsed(string fault, string told)
    {
        Put("one");
        await (await SharedHost.StartAsync(_fixture)).DisposeAsync();
        var text = File.ReadAllText(_fixture.Copy);
        File.WriteAllText(
            _fixture.Copy,
            fault switch
            {
                "torn" => text[..^10],
                "changed" => text.Replace("\"one\"", "\"two\"", StringComparison.Ordinal),
                "empty" => "",
                _ => text.Replace("/prod/", "/other/", StringComparison.Ordinal),
            }
        );
        var store = _fixture.Cluster.Join();
        store.Leave("No answer.");

        await Assert.ThrowsAsync<DocumentException>(() => StartWithoutEngineAsync(store));

        Assert.Contains($"Warning: {_fixture.Copy} cannot be used as the kept copy of a document: {told}", _fixture.Log.All);
    }

    [Fact]
    public async Task Open_DocumentDoesNotExist_IsAnErrorThatNamesTheCommand()
    {
        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() => SharedHost.StartAsync(_fixture));

        Assert.Equal("etcd:fleet: does not exist in the engine; write it with 'proxy config put fleet FILE'.", exception.Message);
    }

    [Fact]
    public async Task Open_LayersDoNotSayHowTheEngineIsReached_IsAnError()
    {
        var sources = new ConfigurationBuilder();
        sources.Add(new EngineDocumentSource("fleet"));

        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() => SharedHost.StartAsync(_fixture, sources: sources));

        Assert.StartsWith("Engine: is missing, and etcd:fleet is read from the engine;", exception.Message, StringComparison.Ordinal);
    }

    // What the document needs of other layers, and they of it, is no matter when the engine is looked for.
    [Fact]
    public async Task Open_LocalLayerNeedsTheDocument_IsMerged()
    {
        Put("one");

        await using var host = await SharedHost.StartAsync(
            _fixture,
            sources: _fixture.Sources(("ReverseProxy:TcpRoutes:own:Listen", "127.0.0.2:0"), ("ReverseProxy:TcpRoutes:own:ClusterId", "one"))
        );

        Assert.Equal(["own", "r"], host.State.Running!.Config.ReverseProxy.TcpRoutes.Keys.Order());
    }

    [Theory]
    [InlineData("{]")]
    [InlineData("""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "nowhere" } } } }""")]
    public async Task FallBack_NewestIsBadAtStart_KeptOneRunsAndTheNewestIsRejected(string text)
    {
        var first = Put("one");
        await (await SharedHost.StartAsync(_fixture)).DisposeAsync();
        var bad = _fixture.Cluster.Put(SharedLayersFixture.Key, text);

        await using var host = await SharedHost.StartAsync(_fixture);

        await Eventually.TrueAsync(() => host.State.Rejected.Count > 0);
        Assert.Equal(("one", first, bad, true), (host.Clusters, host.Document.Running, host.Document.Newest, host.Document.IsRejected));
        Assert.Contains(
            _fixture.Log.All,
            line =>
                line.StartsWith(
                    $"Warning: etcd:fleet is not valid with the other layers, so the host starts with revision {first}",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task FallBack_NewestIsBadAndNothingWasKept_ErrorsOfTheNewestAreTold()
    {
        _fixture.Cluster.Put(SharedLayersFixture.Key, "{]");

        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() => SharedHost.StartAsync(_fixture));

        Assert.StartsWith("etcd:fleet line 1: is not valid JSON", exception.Message, StringComparison.Ordinal);
    }

    // A content that is valid alone, but not with the other layers, is never kept.
    [Fact]
    public async Task Runs_NewestIsRejected_CopyIsOfWhatRuns()
    {
        await using var host = await StartAsync("one");
        _fixture.Cluster.Put(
            SharedLayersFixture.Key,
            """{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "nowhere" } } } }"""
        );
        await Eventually.TrueAsync(() => host.State.Rejected.Count > 0);

        Assert.Contains("\"one\"", await File.ReadAllTextAsync(_fixture.Copy, Encoding.UTF8), StringComparison.Ordinal);
        Put("three");
        await Eventually.TrueAsync(() => host.Clusters == "three");
        await Eventually.TrueAsync(() => File.ReadAllText(_fixture.Copy).Contains("\"three\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_DocumentNamesAnotherGroup_IsAnError()
    {
        var sources = new ConfigurationBuilder().AddInMemoryCollection([
            KeyValuePair.Create("Engine:Etcd:Endpoints:0", (string?)"http://127.0.0.1:2379"),
            KeyValuePair.Create("Engine:StateFolder", (string?)_fixture.Folder),
        ]);
        sources.Add(new EngineDocumentSource("fleet"));
        _fixture.Cluster.Put("/proxy/default/config/fleet", """{ "Channels": { "Group": "prod" } }""");

        var exception = await Assert.ThrowsAsync<InvalidConfigException>(() =>
            SharedHost.StartAsync(_fixture, sources: (ConfigurationBuilder)sources)
        );

        Assert.Contains("etcd:fleet line 1: Channels:Group: is another group than 'default'", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _fixture.Dispose();

    private long Put(string cluster) => _fixture.Cluster.Put(SharedLayersFixture.Key, SharedLayersFixture.Document(cluster));

    private Task<SharedHost> StartAsync(string cluster)
    {
        Put(cluster);
        return SharedHost.StartAsync(_fixture);
    }

    private async Task<SharedHost> StartWithoutEngineAsync(MemoryKeyStore store)
    {
        var starting = SharedHost.StartAsync(_fixture, store);
        await Task.WhenAny(starting, _fixture.Time.WaitForTimerAsync(_patience));
        _fixture.Time.Advance(_patience);
        return await starting;
    }
}
