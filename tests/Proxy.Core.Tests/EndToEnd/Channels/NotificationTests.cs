using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Channels.Monitoring;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>One state machine, and a pump for each sink.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private static readonly DebounceConfig _debounce = new() { Min = TimeSpan.FromMilliseconds(1), Max = TimeSpan.FromMilliseconds(2) };

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly ChannelMonitor _monitor = new("boot", static () => "127.0.0.12", TimeProvider.System, NullLogger.Instance);
    private readonly List<IAsyncDisposable> _owned = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("channels-");
    private readonly SecretValues _secrets = new();
    private NotificationMetrics _metrics = null!;

    public Task InitializeAsync()
    {
        _metrics = new NotificationMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), _monitor);
        _monitor.Start();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Pump_ChangesWhileASinkRuns_AreToldAsTheNewestAlone()
    {
        var sink = new FakeSink();
        Start(sink);
        await SetAsync(State("ring", "A_1"));
        Assert.Equal(["A_1"], Members(await sink.NextAsync()));

        await SetAsync(State("ring", "A_1", "A_2"));
        await SetAsync(State("ring", "A_2", "A_3"));
        await SetAsync(State("ring", "A_2", "A_3", "A_4"));
        sink.Answer();

        var next = await sink.NextAsync();
        Assert.Equal(["A_2", "A_3", "A_4"], Members(next));
        Assert.Equal(4, next.Version);
        sink.Answer();
        await SetAsync(State("ring", "A_2", "A_3", "A_4")); // says nothing new
        Assert.Equal((1, false), (sink.MostAtOnce, sink.HasNext()));
    }

    [Fact]
    public async Task Pump_SinkMissedVersions_AddedAndRemovedAreAgainstTheLastThatItAcknowledged()
    {
        var (slow, fast) = (new FakeSink(), new FakeSink());
        Start(slow);
        Start(fast);
        await SetAsync(State("ring", "A_1", "A_2"), State("other", "B_1"));
        foreach (var sink in (FakeSink[])[slow, fast])
        {
            Assert.Equal("+B_1", Changes(await sink.NextAsync()));
            sink.Answer();
            Assert.Equal("+A_1 +A_2", Changes(await sink.NextAsync()));
        }

        fast.Answer();
        await SetAsync(State("ring", "A_1", "A_3"), State("other", "B_1"));
        Assert.Equal("+A_3 -A_2", Changes(await fast.NextAsync()));
        fast.Answer("no");
        await SetAsync(State("ring", "A_3", "A_4"), State("other", "B_1"));
        Assert.Equal("+A_3 +A_4 -A_1 -A_2", Changes(await fast.NextAsync())); // the one before was not acknowledged
        fast.Answer();
        await SetAsync(State("ring", "A_4", "A_5"), State("other", "B_1"));
        Assert.Equal("+A_5 -A_3", Changes(await fast.NextAsync()));

        slow.Answer();
        Assert.Equal("+A_4 +A_5 -A_1 -A_2", Changes(await slow.NextAsync()));
        slow.Answer();
        await SetAsync(State("other", "B_1"));
        Assert.Equal("-A_4 -A_5", Changes(await slow.NextAsync())); // the channel has ended
        slow.Answer();
        await SetAsync(State("ring", "A_4"), State("other", "B_1"));
        Assert.Equal("+A_4", Changes(await slow.NextAsync()));
    }

    [Fact]
    public async Task Watch_ReaderComesBack_AddedAndRemovedAreAgainstTheVersionThatItKnows()
    {
        await SetAsync(State("ring", "A_1"));
        await SetAsync(State("ring", "A_1", "A_2"));
        await SetAsync(State("ring", "A_2", "A_3"));
        await SetAsync(State("ring", "A_3", "A_4"));

        Assert.Equal("+A_3 +A_4", Changes(await FirstAsync(0)));
        Assert.Equal("+A_3 +A_4 -A_1", Changes(await FirstAsync(1)));
        Assert.Equal("+A_3 +A_4 -A_1 -A_2", Changes(await FirstAsync(2)));
        Assert.Equal("+A_4 -A_2", Changes(await FirstAsync(3)));

        async Task<ChannelNotice> FirstAsync(long after)
        {
            await foreach (var notice in _monitor.WatchNoticesAsync(after, CancellationToken.None))
            {
                return notice;
            }

            throw new InvalidOperationException("The stream has ended.");
        }
    }

    [Fact]
    public async Task Pump_Failure_IsTriedAgainWithBackOffAndTheNewest()
    {
        var sink = new FakeSink();
        Start(sink);
        await SetAsync(State("ring", "A_1"));
        await sink.NextAsync();

        sink.Answer("no");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["A_1"], Members(await sink.NextAsync()));
        sink.Answer("no");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        await SetAsync(State("ring"));
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Empty(Members(await sink.NextAsync()));
    }

    [Fact]
    public async Task Pump_OneChannelIsRefused_OthersAndReadyAndCloseAreTold()
    {
        var sink = new FakeSink();
        var pump = Start(sink);
        await SetAsync(State("bad"), State("good"));
        Assert.Equal("bad", (await sink.NextAsync()).State!.Channel);
        sink.Answer("no");

        Assert.Equal("good", (await sink.NextAsync()).State!.Channel);
        sink.Answer();
        _monitor.OnReady();
        Assert.Equal(ChannelEvent.Ready, (await sink.NextAsync()).Event);
        sink.Answer();
        _monitor.OnClosed(); // while it pauses
        Assert.Equal(ChannelEvent.Close, (await sink.NextAsync()).Event);
        sink.Answer();

        await pump.FinishAsync(Eventually.Limit).WaitAsync(Eventually.Limit);
        Assert.False(sink.HasNext());
    }

    [Fact]
    public async Task Pump_NewStateOfAChannelThatWasRefused_IsToldAtOnceAndPausesGrow()
    {
        var sink = new FakeSink();
        Start(sink);
        await SetAsync(State("ring", "A_1"));
        await sink.NextAsync();
        sink.Answer("no");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));

        await SetAsync(State("ring", "A_1", "A_2"));
        Assert.Equal(["A_1", "A_2"], Members(await sink.NextAsync()));
        sink.Answer("no");

        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["A_1", "A_2"], Members(await sink.NextAsync()));
    }

    [Fact]
    public async Task Monitor_HandlerHangs_SinksAreToldAndTheEndIsNotHeldUp()
    {
        using var stuck = new ManualResetEventSlim();
        var hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _monitor.Changed += (_, _) =>
        {
            hanging.TrySetResult();
            stuck.Wait();
        };
        var notifier = Notify(new());
        var sink = new FakeSink();
        Start(sink);
        await SetAsync(State("ring", "A_1"));
        await hanging.Task.WaitAsync(Eventually.Limit);
        try
        {
            await sink.NextAsync();
            sink.Answer();

            await SetAsync(State("ring", "A_2"));
            Assert.Equal(["A_2"], Members(await sink.NextAsync()));
            sink.Answer();
            _monitor.OnReady();
            Assert.Equal(ChannelEvent.Ready, (await sink.NextAsync()).Event);
            sink.Answer();
            await notifier.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);
        }
        finally
        {
            stuck.Set();
        }
    }

    [Theory]
    [InlineData(nameof(IChannelMonitor.Ready))]
    [InlineData(nameof(IChannelMonitor.Error))]
    [InlineData(nameof(IChannelMonitor.Closed))]
    public async Task Monitor_HandlerOfAnyEventHangs_WhoeverRaisesItGoesOn(string name)
    {
        using var stuck = new ManualResetEventSlim();
        _monitor.Ready += (_, _) => stuck.Wait();
        _monitor.Error += (_, _) => stuck.Wait();
        _monitor.Closed += (_, _) => stuck.Wait();
        Notify(new());
        try
        {
            var raised = Task.Run(() =>
            {
                switch (name)
                {
                    case nameof(IChannelMonitor.Ready):
                        _monitor.OnReady();
                        break;
                    case nameof(IChannelMonitor.Error):
                        _monitor.OnError("x");
                        break;
                    default:
                        _monitor.OnClosed();
                        break;
                }
            });
            await raised.WaitAsync(TimeSpan.FromSeconds(20)); // it has nothing to wait for
        }
        finally
        {
            stuck.Set();
        }
    }

    [Fact]
    public async Task Pump_OneSinkHangs_OthersAreTold()
    {
        var (hanging, other) = (new FakeSink(), new FakeSink());
        Start(hanging);
        Start(other);
        await SetAsync(State("ring", "A_1"));
        await hanging.NextAsync();

        await other.NextAsync();
        other.Answer();
        await SetAsync(State("ring"));

        Assert.Empty(Members(await other.NextAsync()));
    }

    [Fact]
    public async Task Pump_ChannelIsTakenAway_IsToldThatItDoesNotListen()
    {
        var sink = new FakeSink();
        Start(sink);
        await SetAsync(State("ring", "A_1"));
        await sink.NextAsync();
        await SetAsync();
        sink.Answer();

        var end = await sink.NextAsync();

        Assert.Equal((false, 0), (end.State!.Listening, end.State.Members.Count));
        Assert.Equal(["A_1"], end.State.Removed);
    }

    [Fact]
    public async Task Pump_ReadyAndClose_ComeInTheirPlaces()
    {
        var sink = new FakeSink();
        var pump = Start(sink);
        await SetAsync(State("ring"));
        _monitor.OnReady();
        await SetAsync(State("ring", "A_1"));
        _monitor.OnClosed();

        var events = new List<string>();
        while (events is not [.., "close"])
        {
            events.Add((await sink.NextAsync()).EventName);
            sink.Answer();
        }

        await pump.FinishAsync(Eventually.Limit).WaitAsync(Eventually.Limit);
        Assert.Equal(["ready", "change", "close"], events[^3..]);
    }

    [Fact]
    public async Task Monitor_TwoThousandJoinAndVanishAtOnce_OneNotificationEach()
    {
        var versions = new List<long>();
        _monitor.Changed += (_, change) => versions.Add(change.State.Version);
        Notify(new());

        await SetAsync(State("ring", [.. Enumerable.Range(0, 2000).Select(static n => $"A_{n}")]));
        Assert.Equal(2000, _monitor.Current["ring"].Added.Count);
        await Eventually.TrueAsync(() => versions.Count == 1);
        await SetAsync(State("ring"));

        Assert.Equal(2000, _monitor.Current["ring"].Removed.Count);
        await Eventually.TrueAsync(() => versions.Count == 2);
        Assert.Equal([1, 2], versions);
    }

    [Fact]
    public async Task Monitor_DebounceOfOneTime_GathersForThatTime()
    {
        var second = TimeSpan.FromSeconds(1);
        var debounce = new DebounceConfig { Min = second, Max = second };
        await using var monitor = new ChannelMonitor("boot", static () => "127.0.0.12", _time, NullLogger.Instance);
        monitor.Start();

        monitor.Set([State("ring", "A_1")], debounce);
        await _time.WaitForTimerAsync(second);
        monitor.Set([State("ring", "A_1", "A_2")], debounce);
        _time.Advance(second);

        await monitor.PublishedAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        Assert.Equal((1, 2), (monitor.Current["ring"].Version, monitor.Current["ring"].Members.Count));
    }

    [Fact]
    public async Task Exec_Change_HasItInEnvironmentAndInput()
    {
        var output = Path.Combine(_folder.FullName, "out");
        Notify(
            new()
            {
                Exec =
                [
                    Shell(
                        $"echo \"$CHANNEL_EVENT $CHANNEL_NAME $CHANNEL_VERSION $CHANNEL_MEMBERS\" > {output}.x; cat >> {output}.x; mv {output}.x {output}"
                    ),
                ],
            }
        );

        await SetAsync(State("ring", "A_1", "A_2"));

        await Eventually.TrueAsync(() => File.Exists(output));
        var lines = (await File.ReadAllTextAsync(output)).Split('\n', 2);
        Assert.Equal("change ring 1 A_1=127.0.0.3:9100 A_2=127.0.0.3:9100", lines[0]);
        using var json = JsonDocument.Parse(lines[1]);
        Assert.Equal(
            ["event", "channel", "connector", "type", "version", "boot", "stale", "listening", "ip", "port", "members", "added", "removed"],
            json.RootElement.EnumerateObject().Select(static property => property.Name)
        );
        Assert.Equal("up", json.RootElement.GetProperty("members")[0].GetProperty("state").GetString());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 56)] // A_0=127.0.0.3:9100 …
    [InlineData(5000, 0)]
    public async Task Exec_MoreMembersThanAVariableHolds_TheirNumberTells(int count, int length)
    {
        var output = Path.Combine(_folder.FullName, "out");
        Notify(
            new()
            {
                Exec = [Shell($"echo $CHANNEL_MEMBER_COUNT ${{#CHANNEL_MEMBERS}} > {output}.x; cat > /dev/null; mv {output}.x {output}")],
            }
        );

        await SetAsync(State("ring", [.. Enumerable.Range(0, count).Select(static n => $"A_{n}")]));

        await Eventually.TrueAsync(() => File.Exists(output));
        Assert.Equal($"{count} {length}\n", await File.ReadAllTextAsync(output));
    }

    [Fact]
    public async Task Exec_Fails_IsRunAgainUntilItSucceeds()
    {
        var tries = Path.Combine(_folder.FullName, "tries");
        Notify(new() { Exec = [Shell($"echo x >> {tries}; test $(wc -l < {tries}) -ge 2")] }, TimeProvider.System);

        await SetAsync(State("ring"));

        await Eventually.TrueAsync(() => File.Exists(tries) && File.ReadAllLines(tries).Length == 2);
    }

    [Fact]
    public async Task Exec_Hangs_IsKilledInTimeAndTriedAgain()
    {
        var tries = Path.Combine(_folder.FullName, "tries");
        var hang = new ChannelExecConfig
        {
            Command = ["sh", "-c", $"echo x >> {tries}; sleep 1000"],
            Timeout = TimeSpan.FromMilliseconds(200),
        };
        Notify(new() { Exec = [hang] }, TimeProvider.System);

        await SetAsync(State("ring"));

        await Eventually.TrueAsync(() => File.Exists(tries) && File.ReadAllLines(tries).Length >= 2); // it is tried again and again
    }

    [Fact]
    public async Task Webhook_Change_IsPostedSignedWithAKey()
    {
        using var listener = Loopback.Listen();
        Notify(new() { Http = [new() { Url = $"http://127.0.0.1:{listener.Port()}/channels?a=b", Secret = "s" }] });
        await SetAsync(State("ring", "A_1"));

        var (head, body) = await AnswerAsync(listener, "204 No Content");

        Assert.StartsWith("POST /channels?a=b HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Idempotency-Key: boot-1\r\n", head, StringComparison.Ordinal);
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData("s"u8.ToArray(), Encoding.UTF8.GetBytes(body)));
        Assert.Contains($"Channel-Signature: sha256={signature}\r\n", $"{head}\r\n", StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(body).RootElement.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Webhook_Refused_IsPostedAgainUnderTheSameKey()
    {
        using var listener = Loopback.Listen();
        Notify(new() { Http = [new() { Url = $"http://127.0.0.1:{listener.Port()}/" }] }, TimeProvider.System);
        await SetAsync(State("ring", "A_1"));

        await AnswerAsync(listener, "500 Oh");
        var (again, _) = await AnswerAsync(listener, "200 OK");

        Assert.Contains("Idempotency-Key: boot-1\r\n", $"{again}\r\n", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notify_Edited_OldSinkIsSilentAndTheNewOneToldEverything()
    {
        var (one, two) = (Path.Combine(_folder.FullName, "one"), Path.Combine(_folder.FullName, "two"));
        var notifier = Notify(new() { Exec = [Shell($"echo $CHANNEL_VERSION >> {one}")] }, TimeProvider.System);
        await SetAsync(State("ring", "A_1"));
        await Eventually.TrueAsync(() => File.Exists(one) && File.ReadAllText(one) == "1\n");

        await notifier.ApplyAsync(new() { Exec = [Shell($"echo $CHANNEL_VERSION >> {two}")] });
        await Eventually.TrueAsync(() => File.Exists(two) && File.ReadAllText(two) == "1\n");
        await SetAsync(State("ring"));

        await Eventually.TrueAsync(() => File.ReadAllText(two) == "1\n2\n");
        Assert.Equal("1\n", await File.ReadAllTextAsync(one));
    }

    [Fact]
    public async Task Configuration_Changes_AreASectionThatReloads()
    {
        var source = new ChannelStateSource();
        var configuration = new ConfigurationBuilder().Add(source).Build();
        var reloads = 0;
        using var watching = Microsoft.Extensions.Primitives.ChangeToken.OnChange(
            configuration.GetReloadToken,
            () => Interlocked.Increment(ref reloads)
        );
        Start(source.Sink);

        await SetAsync(State("ring", "A_1", "A_2"));
        await Eventually.TrueAsync(() => configuration["ChannelState:Items:ring:Members:1:Iid"] == "A_2");
        await SetAsync(State("ring", "A_2"));

        await Eventually.TrueAsync(() => configuration["ChannelState:Items:ring:Version"] == "2");
        Assert.Equal(
            ("A_2", null, "true", "127.0.0.12"),
            (
                configuration["ChannelState:Items:ring:Members:0:Iid"],
                configuration["ChannelState:Items:ring:Members:1:Iid"],
                configuration["ChannelState:Items:ring:Listening"],
                configuration["ChannelState:BindIp"]
            )
        );
        await Eventually.TrueAsync(() => Volatile.Read(ref reloads) == 2); // the values are there before the reload is told
        Assert.Equal(2, reloads);
    }

    public async Task DisposeAsync()
    {
        foreach (var owned in _owned)
        {
            await owned.DisposeAsync();
        }

        await _monitor.DisposeAsync();
        await _services.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static ChannelExecConfig Shell(string script) => new() { Command = ["sh", "-c", script], Timeout = Eventually.Limit };

    private static string Changes(ChannelNotice notice) =>
        string.Join(' ', notice.State!.Added.Select(static id => $"+{id}").Concat(notice.State.Removed.Select(static id => $"-{id}")));

    private static List<string> Members(ChannelNotice notice) => [.. notice.State!.Members.Select(static member => member.Iid)];

    private static ChannelState State(string name, params string[] members) =>
        new(name, "c", "duplex")
        {
            Listening = true,
            Ip = "127.0.0.12",
            Port = 9100,
            Members = [.. members.Select(static id => new ChannelMemberState(id, "127.0.0.3", 9100, MemberState.Up, "e"))],
        };

    /// <summary>Answers one request.</summary>
    private static async Task<(string Head, string Body)> AnswerAsync(Socket listener, string status)
    {
        using var client = await listener.AcceptWithinAsync();
        var text = "";
        while (text.Split("\r\n\r\n", 2) is not [var head, var body] || body.Length < Length(head))
        {
            text += await client.ReadTextAsync(1);
        }

        await client.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        var parts = text.Split("\r\n\r\n", 2);
        return ($"{parts[0]}\r\n", parts[1]);
    }

    private static int Length(string head) =>
        int.Parse(
            head.Split("\r\n").Single(static line => line.StartsWith("Content-Length:", StringComparison.Ordinal))[15..],
            CultureInfo.InvariantCulture
        );

    private NotificationPump Start(INotificationSink sink)
    {
        var pump = new NotificationPump(sink, _monitor, _metrics, _time, NullLogger.Instance);
        _owned.Add(pump);
        pump.Start();
        return pump;
    }

    private ChannelNotifier Notify(ChannelNotifyConfig config, TimeProvider? time = null)
    {
        var notifier = new ChannelNotifier(_monitor, [], _metrics, _secrets, time ?? _time, NullLogger.Instance);
        _owned.Add(notifier);
        Assert.True(notifier.ApplyAsync(config).IsCompletedSuccessfully);
        return notifier;
    }

    private async Task SetAsync(params ChannelState[] states)
    {
        _monitor.Set(states, _debounce);
        await _monitor.PublishedAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
    }
}
