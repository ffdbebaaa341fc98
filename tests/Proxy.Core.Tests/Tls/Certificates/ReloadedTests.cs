using Proxy.Tls.Certificates;

namespace Proxy.Core.Tests.Tls.Certificates;

public sealed class ReloadedTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void Read_AnyException_ProblemAndTheOldValueStays()
    {
        var path = _folder.Write("file", "one");
        var isBad = false;
        var reloaded = new Reloaded<string>([path], (_, _) => isBad ? throw new InvalidOperationException("strange") : "value", _time);
        reloaded.First();
        (isBad, _) = (true, _folder.Write("file", "two"));

        Assert.Equal((Reading.Failed, Reading.StillFailed), (reloaded.Read(), reloaded.Read()));
        Assert.Equal(("value", $"{path} cannot be used: strange"), (reloaded.Value, reloaded.Problem?.Text));
    }

    [Fact]
    public void Read_DoesNotEndFor30Seconds_ProblemUntilItDoes()
    {
        var path = _folder.Write("file", "one");
        Reloaded<string>? reloaded = null;
        var begun = _time.GetUtcNow();
        string? early = null,
            late = null;
        reloaded = new(
            [path],
            (_, _) =>
            {
                _time.Advance(Reloaded<string>.Patience);
                early = reloaded!.Problem?.Text;
                _time.Advance(TimeSpan.FromSeconds(1));
                late = reloaded.Problem?.Text;
                return "value";
            },
            _time
        );

        reloaded.First();

        Assert.Null(early);
        Assert.Equal($"{path} does not answer since {begun.UtcDateTime:u}, and no other file is read until it does", late);
        Assert.Null(reloaded.Problem);
    }

    public void Dispose() => _folder.Dispose();
}
