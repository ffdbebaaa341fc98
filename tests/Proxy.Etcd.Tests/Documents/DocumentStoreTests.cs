using System.Text;
using Proxy.Etcd.Client;
using Proxy.Etcd.Documents;

namespace Proxy.Etcd.Tests.Documents;

public sealed class DocumentStoreTests
{
    private const string Name = "fleet";
    private static readonly DateTimeOffset _at = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly MemoryCluster _cluster = new();
    private readonly EngineKeys _keys = new("/proxy", "prod");
    private readonly MemoryKeyStore _process;
    private readonly DocumentStore _store;

    public DocumentStoreTests()
    {
        _process = _cluster.Join();
        _store = new(_process, _keys);
    }

    [Fact]
    public async Task Put_NobodyElseWrites_DocumentAndHistoryInOneRevision()
    {
        var first = await PutAsync("{ \"a\": 1 }", null);
        var second = await PutAsync("{ \"a\": 2 }", await ReadAsync());

        Assert.Equal("{ \"a\": 2 }", _cluster.Text(_keys.Document(Name)));
        Assert.Equal(second, _cluster.Get(_keys.Document(Name))!.ModRevision);
        Assert.Equal(
            [new DocumentVersion(second, "u@h", _at, 10, IsCurrent: true), new DocumentVersion(first, "u@h", _at, 10, IsCurrent: false)],
            await _store.HistoryAsync(Name, CancellationToken.None)
        );
        Assert.Equal("{ \"a\": 1 }", Encoding.UTF8.GetString((await _store.GetAsync(Name, first, CancellationToken.None)).Bytes));
        Assert.Equal("{ \"a\": 2 }", Encoding.UTF8.GetString((await _store.GetAsync(Name, second, CancellationToken.None)).Bytes));
    }

    [Fact]
    public async Task Put_EditedMeanwhile_IsRefusedWithBothRevisions()
    {
        var first = await PutAsync("1", null);
        var read = await ReadAsync();
        var second = await PutAsync("2", read);

        var exception = await Assert.ThrowsAsync<DocumentException>(() => PutAsync("3", read));

        Assert.Equal(
            $"etcd:fleet was read in revision {first}, and was edited meanwhile in revision {second}; nothing is written. See 'proxy config diff fleet FILE', and put it again.",
            exception.Message
        );
        Assert.True(exception.IsInput);
        Assert.Equal("2", _cluster.Text(_keys.Document(Name)));
        Assert.Equal(2, (await _store.HistoryAsync(Name, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Put_WrittenOrRemovedMeanwhile_IsRefused()
    {
        await PutAsync("1", null);
        var read = await ReadAsync();

        Assert.Contains(
            "did not exist when it was read",
            (await Assert.ThrowsAsync<DocumentException>(() => PutAsync("2", null))).Message,
            StringComparison.Ordinal
        );
        _cluster.Remove(_keys.Document(Name));
        Assert.Contains(
            "was removed meanwhile",
            (await Assert.ThrowsAsync<DocumentException>(() => PutAsync("2", read))).Message,
            StringComparison.Ordinal
        );
        await PutAsync("3", null);
        Assert.Equal("3", _cluster.Text(_keys.Document(Name)));
    }

    // Of ten that have read the same, one is written, and no version is lost.
    [Fact]
    public async Task Put_ManyAtOnce_OneIsWritten()
    {
        await PutAsync("0", null);
        var read = await ReadAsync();

        var results = await Task.WhenAll(
            Enumerable.Range(1, 10).Select(async number => await Record.ExceptionAsync(() => PutAsync($"{number}", read)))
        );

        Assert.Single(results, static exception => exception is null);
        Assert.Equal(9, results.OfType<DocumentException>().Count());
        Assert.Equal(2, (await _store.HistoryAsync(Name, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Put_AfterAnEditByAnotherProgram_ThatEditIsInTheHistory()
    {
        await PutAsync("1", null);
        var foreign = _cluster.Put(_keys.Document(Name), "{ }");
        Assert.Equal(
            new DocumentVersion(foreign, null, null, 3, IsCurrent: true),
            (await _store.HistoryAsync(Name, CancellationToken.None))[0]
        );

        await PutAsync("3", await ReadAsync());

        var history = await _store.HistoryAsync(Name, CancellationToken.None);
        Assert.Equal(3, history.Count);
        Assert.Equal(new DocumentVersion(foreign, null, null, 3, IsCurrent: false), history[1]);
        Assert.Equal("{ }", Encoding.UTF8.GetString((await _store.GetAsync(Name, foreign, CancellationToken.None)).Bytes));
    }

    [Theory]
    [InlineData("{ \"Admin\": { \"Token\": \"0123456789abcdef\" } }")]
    [InlineData("{ \"Admin\": { \"Token\": \"0123456789abcdef\" }")]
    public async Task Put_ReplacesATextThatHasASecret_TheSecretIsNotKept(string foreign)
    {
        await PutAsync("{ \"a\": 1 }", null);
        var revision = _cluster.Put(_keys.Document(Name), foreign);

        await PutAsync("{ \"a\": 2 }", await ReadAsync());

        var history = await _store.HistoryAsync(Name, CancellationToken.None);
        Assert.Equal(2, history.Count);
        Assert.DoesNotContain(history, version => version.Revision == revision);
    }

    [Fact]
    public async Task Put_MoreVersionsThanAreKept_OldestGo()
    {
        var revisions = new List<long>();
        for (var number = 0; number < DocumentStore.MaxVersions + 5; number++)
        {
            revisions.Add(await PutAsync($"{number}", await ReadAsync()));
        }

        var history = await _store.HistoryAsync(Name, CancellationToken.None);

        Assert.Equal(Enumerable.Reverse(revisions).Take(DocumentStore.MaxVersions), history.Select(static version => version.Revision));
        var gone = await Assert.ThrowsAsync<DocumentException>(() => _store.GetAsync(Name, revisions[0], CancellationToken.None));
        Assert.Contains("'proxy config history fleet' lists what it has", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_LargeVersions_HistoryIsBoundedInBytes()
    {
        var random = new Random(1);
        for (var number = 0; number < 6; number++)
        {
            var text = new byte[700_000]; // which cannot be compressed
            random.NextBytes(text);
            await _store.PutAsync(Name, text, await ReadAsync(), "u@h", _at, CancellationToken.None);
        }

        Assert.InRange(_cluster.List(_keys.History(Name)).Keys.Sum(static entry => (long)entry.Value.Length), 1, DocumentStore.MaxHistory);
        Assert.Equal(2, (await _store.HistoryAsync(Name, CancellationToken.None)).Count);
    }

    [Theory]
    [InlineData(DocumentStore.MaxBytes + 1, false)]
    [InlineData(800_000, true)]
    public async Task Put_LongerThanARequest_IsRefusedBeforeItIsSent(int length, bool random)
    {
        var text = new byte[length];
        if (random)
        {
            new Random(1).NextBytes(text);
        }

        var exception = await Assert.ThrowsAsync<DocumentException>(() =>
            _store.PutAsync(Name, text, null, "u@h", _at, CancellationToken.None)
        );

        Assert.StartsWith(
            $"The document has {length} bytes. etcd takes 1.5 MiB in one request",
            exception.Message,
            StringComparison.Ordinal
        );
        Assert.Null(_cluster.Get(_keys.Document(Name)));
    }

    [Fact]
    public async Task Put_EngineDoesNotAnswer_SaysThatItMayBeWritten()
    {
        await PutAsync("1", null);
        var read = await ReadAsync();
        _process.Fail(_keys.Document(Name), happens: true);

        var exception = await Assert.ThrowsAsync<DocumentException>(() => PutAsync("2", read));

        Assert.Equal(
            "etcd:fleet cannot be written: The engine has not answered within 3 s. It may have been written all the same; see 'proxy config history fleet'.",
            exception.Message
        );
        Assert.False(exception.IsInput);
    }

    [Fact]
    public async Task Put_InterruptedOnceItWasSent_SaysThatItMayBeWritten()
    {
        using var interrupt = new CancellationTokenSource();
        _process.BeforeCommit = interrupt.Cancel;

        var exception = await Assert.ThrowsAsync<DocumentException>(() =>
            _store.PutAsync(Name, "1"u8.ToArray(), null, "u@h", _at, interrupt.Token)
        );

        Assert.Equal(
            "etcd:fleet cannot be written: The command was interrupted. It may have been written all the same; see 'proxy config history fleet'.",
            exception.Message
        );
        Assert.False(exception.IsInput);
    }

    [Fact]
    public Task Put_InterruptedBefore_IsInterrupted() =>
        Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _store.PutAsync(Name, "1"u8.ToArray(), null, "u@h", _at, new CancellationToken(canceled: true))
        );

    [Fact]
    public async Task History_DamagedEntry_IsLeftOut()
    {
        var first = await PutAsync("1", null);
        _cluster.Put(_keys.History(Name) + "0000000000000000000", "no entry");

        Assert.Equal(first, Assert.Single(await _store.HistoryAsync(Name, CancellationToken.None)).Revision);
    }

    private Task<DocumentText?> ReadAsync() => _store.GetAsync(Name, CancellationToken.None);

    private Task<long> PutAsync(string text, DocumentText? read) =>
        _store.PutAsync(Name, Encoding.UTF8.GetBytes(text), read, "u@h", _at, CancellationToken.None);
}
