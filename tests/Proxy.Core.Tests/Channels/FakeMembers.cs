using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels;

/// <summary>
/// Any number of members behind one server without TLS, each with an address of its own. They serve <c>db</c>, and <c>ring</c> on one
/// port, answer hellos when they may, and tunnels with a status.
/// </summary>
internal sealed class FakeMembers : IAsyncDisposable
{
    private const int FirstNumber = 30_000;

    private readonly WebApplication _app;
    private readonly int _port;
    private TaskCompletionSource _here = NewSignal();
    private TaskCompletionSource _gone = NewSignal();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _lost = [];
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _slow = [];
    private readonly ConcurrentDictionary<int, int> _dialed = [];
    private readonly ConcurrentDictionary<int, int> _greeted = [];
    private int _waiting;
    private int _opening;
    private int _asked;

    private FakeMembers(int port)
    {
        _port = port;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(static kestrel =>
                kestrel.Listen(IPAddress.Any, Ports.Free(), static listen => listen.Protocols = HttpProtocols.Http2)
            );
        _app = builder.Build();
        _app.Run(context =>
            context.Request.Path == TunnelProtocol.HelloPath ? HelloAsync(context, Number(context)) : OpenAsync(context, Number(context))
        );
    }

    /// <summary>How a member answers who asks for a tunnel; it says its number after 200.</summary>
    public Func<int, int> Status { get; set; } = static _ => StatusCodes.Status200OK;

    /// <summary>Hellos that were asked and not answered.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Tunnels that were asked for and have no answer yet.</summary>
    public int Opening => Volatile.Read(ref _opening);

    /// <summary>How often a tunnel was refused.</summary>
    public int Refused => Volatile.Read(ref _asked);

    private int Port =>
        new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    public static async Task<FakeMembers> StartAsync(int port)
    {
        var members = new FakeMembers(port);
        await members._app.StartAsync();
        return members;
    }

    public static string Id(int number) => $"A_{FirstNumber + number}";

    /// <summary>The first members, as an instance is told of them.</summary>
    public Dictionary<string, ChannelMemberConfig> Configure(int count) =>
        Enumerable.Range(0, count).ToDictionary(Id, number => new ChannelMemberConfig { Address = $"{Address(number)}:{Port}" });

    /// <summary>How many tunnels a member was asked for.</summary>
    public int Dialed(int number) => _dialed.GetValueOrDefault(number);

    /// <summary>How many hellos a member was asked for.</summary>
    public int Greeted(int number) => _greeted.GetValueOrDefault(number);

    /// <summary>A member answers nothing new, as if its host were lost; its open streams stay.</summary>
    public void Lose(int number) => _lost[number] = NewSignal();

    /// <summary>A member answers hellos, and no tunnels, as if its server were slow to accept.</summary>
    public void Slow(int number) => _slow[number] = NewSignal();

    /// <summary>A member that was lost or slow answers again, also what it was asked meanwhile.</summary>
    public void Return(int number)
    {
        (_lost.TryRemove(number, out var gate) || _slow.TryRemove(number, out gate) ? gate : NewSignal()).TrySetResult();
    }

    /// <summary>Answers all hellos, those that wait and those that come.</summary>
    public void Come() => _here.TrySetResult();

    /// <summary>All say that they leave, and do not answer until they come again.</summary>
    public void Leave()
    {
        (var gone, _gone, _here) = (_gone, NewSignal(), NewSignal());
        gone.SetResult();
    }

    /// <summary>All are gone without a word.</summary>
    public Task VanishAsync() => _app.StopAsync(new CancellationToken(canceled: true));

    /// <summary>What a member says of itself.</summary>
    public MemberRecord Record(int number) =>
        new(Id(number), "1", $"{Address(number)}:{Port}", LocalAddress.OfInstance(new() { Id = Id(number) })!)
        {
            Connectors = [new("db", true, false, [_port]), new("ring", true, true, [_port])],
        };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static IPAddress Address(int number) => new([127, 200, (byte)(number >> 8), (byte)number]);

    private static int Number(HttpContext context) =>
        context.Connection.LocalIpAddress!.MapToIPv4().GetAddressBytes() is [.., var high, var low] ? (high << 8) | low : -1;

    private async Task HelloAsync(HttpContext context, int number)
    {
        var gone = _gone.Task;
        _greeted.AddOrUpdate(number, 1, static (_, count) => count + 1);
        Interlocked.Increment(ref _waiting);
        try
        {
            await (_lost.GetValueOrDefault(number)?.Task ?? Task.CompletedTask).WaitAsync(context.RequestAborted);
            await _here.Task.WaitAsync(context.RequestAborted);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        await context.Response.Body.WriteAsync(HelloLine.Write(Record(number)), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await gone.WaitAsync(context.RequestAborted);
        await context.Response.Body.WriteAsync(HelloLine.Left, context.RequestAborted);
    }

    private async Task OpenAsync(HttpContext context, int number)
    {
        _dialed.AddOrUpdate(number, 1, static (_, count) => count + 1);
        Interlocked.Increment(ref _opening);
        try
        {
            var gate = _lost.GetValueOrDefault(number) ?? _slow.GetValueOrDefault(number);
            await (gate?.Task ?? Task.CompletedTask).WaitAsync(context.RequestAborted);
        }
        finally
        {
            Interlocked.Decrement(ref _opening);
        }

        context.Response.StatusCode = Status(number);
        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
            await context.Response.WriteAsync($"{number}", context.RequestAborted);
            // A stream whose server ends while the client's end is under way is reset, and so is the client then.
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        }
        else
        {
            Interlocked.Increment(ref _asked);
        }
    }
}
