using System.Runtime.CompilerServices;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Core.Tests.Configuration;
using Proxy.Diagnostics;
using Proxy.Revisions;
using Proxy.Timing;

namespace Proxy.Core.Tests.Revisions;

public sealed class DrainerTests : IDisposable
{
    private readonly ConfigDocument _document = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void DrainRemoved_RouteRemoved_TheRevisionThatEndedIsFreedWhileItsConnectionsDrain()
    {
        using var clock = new DeadlineClock(_time);
        var drainer = new Drainer(new ConnectionTracker(), new ConnectionDrain(clock), _time);

        var ended = DrainRemoved(drainer);
        GC.Collect();

        Assert.False(ended.IsAlive);
    }

    public void Dispose() => _document.Dispose();

    // Not inlined, so that no local of the caller keeps the revision.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference DrainRemoved(Drainer drainer)
    {
        var (ended, next) = (Read("a", "b"), Read("b"));
        drainer.DrainRemoved(ended, () => next);
        return new(ended);
    }

    private Revision Read(params string[] routes) =>
        _document
            .Read(
                $$"""
                { "ReverseProxy": {
                  "TcpRoutes": { {{string.Join(
                    ", ",
                    routes.Select(static (id, index) => $"\"{id}\": {{ \"Listen\": \"127.0.0.1:{id[0] + 1000}\", \"ClusterId\": \"c\" }}")
                )}} },
                  "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:7" } } } } } }
                """
            )
            .Revision!;
}
