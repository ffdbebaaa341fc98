using System.Globalization;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Documents;

/// <summary>Reads and writes documents that hosts share, with their history.</summary>
internal sealed class DocumentStore(IKeyStore store, EngineKeys keys)
{
    /// <summary>The longest document: etcd takes 1.5 MiB in one request, in which the history has a part.</summary>
    public const int MaxBytes = (1 << 20) + (256 << 10);

    /// <summary>How many versions are kept.</summary>
    public const int MaxVersions = 100;

    /// <summary>How many bytes the history has at most, compressed.</summary>
    public const int MaxHistory = 2 << 20;

    private const int MaxRequest = (3 << 19) - (16 << 10); // 1.5 MiB less room for names

    /// <summary>Reads a document.</summary>
    /// <returns>The document; null if it does not exist.</returns>
    /// <exception cref="DocumentException">The engine did not answer, or refused.</exception>
    public Task<DocumentText?> GetAsync(string name, CancellationToken cancellationToken) =>
        CallAsync(
            async () => await store.GetAsync(keys.Document(name), cancellationToken) is { } found ? Text(found) : null,
            $"{DocumentName.Layer(name)} cannot be read"
        );

    /// <summary>Reads a version of a document.</summary>
    /// <exception cref="DocumentException">There is no such version, or the engine did not answer.</exception>
    public async Task<DocumentText> GetAsync(string name, long revision, CancellationToken cancellationToken)
    {
        if (await GetAsync(name, cancellationToken) is { } now && now.Revision == revision)
        {
            return now;
        }

        var entry = (await ListAsync(name, cancellationToken)).Keys.FirstOrDefault(entry =>
            DocumentVersion.Read(entry, 0)?.Revision == revision
        );
        return entry is null
                ? throw new DocumentException(
                    $"The history of {DocumentName.Layer(name)} has no revision {revision}; 'proxy config history {name}' lists what it has.",
                    isInput: true
                )
            : DocumentVersion.ReadText(entry) is { } text ? new(text, revision)
            : throw new DocumentException($"Revision {revision} of {DocumentName.Layer(name)} is damaged in the history.", isInput: false);
    }

    /// <summary>Lists the versions of a document, the newest first.</summary>
    /// <exception cref="DocumentException">The engine did not answer, or refused.</exception>
    public async Task<IReadOnlyList<DocumentVersion>> HistoryAsync(string name, CancellationToken cancellationToken)
    {
        var now = await GetAsync(name, cancellationToken);
        var versions = Versions(await ListAsync(name, cancellationToken), now?.Revision ?? 0);
        var isKnown = now is null || versions.Any(static version => version.IsCurrent);
        return
        [
            .. versions
                .Concat(isKnown ? [] : [new DocumentVersion(now!.Revision, null, null, now.Bytes.Length, IsCurrent: true)])
                .OrderByDescending(static version => version.Revision),
        ];
    }

    /// <summary>Writes a document and its history in one transaction, if it was not written since it was read.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">The new text.</param>
    /// <param name="read">What was read before; null if it did not exist.</param>
    /// <param name="by">Who writes it.</param>
    /// <param name="at">When.</param>
    /// <param name="cancellationToken">Ends the wait; it may be written all the same.</param>
    /// <returns>Its revision.</returns>
    /// <exception cref="DocumentException">It was edited meanwhile, is too long, or the engine did not answer.</exception>
    public async Task<long> PutAsync(
        string name,
        byte[] text,
        DocumentText? read,
        string by,
        DateTimeOffset at,
        CancellationToken cancellationToken
    )
    {
        var history = await ListAsync(name, cancellationToken);
        var entries = Entries(name, text, read, history, by, at);
        var size = text.Length + entries.Sum(static entry => entry.Value.Length);
        if (text.Length > MaxBytes || size > MaxRequest)
        {
            throw new DocumentException(
                $"The document has {text.Length} bytes. etcd takes 1.5 MiB in one request, history included, so that {MaxBytes} are possible at most; divide it into several documents.",
                isInput: true
            );
        }

        var key = keys.Document(name);
        var transaction = new KeyTransaction
        {
            Conditions = [read is null ? new KeyCondition.Absent(key) : new KeyCondition.ModifiedAt(key, read.Revision)],
            Operations = [new KeyOperation.Put(key, text, 0), .. entries, .. Surplus(history.Keys, entries)],
        };
        cancellationToken.ThrowIfCancellationRequested(); // from here on it may be written
        var result = await CallAsync(
            () => store.CommitAsync(transaction, cancellationToken),
            $"{DocumentName.Layer(name)} cannot be written",
            $"It may have been written all the same; see 'proxy config history {name}'."
        );
        return result.Succeeded ? result.Revision : throw await ConflictAsync(name, read, cancellationToken);
    }

    private static DocumentText Text(StoredKey stored) => new(stored.Value.ToArray(), stored.ModRevision);

    private static List<DocumentVersion> Versions(KeyUpdate.Full history, long current) =>
        [.. history.Keys.Select(entry => DocumentVersion.Read(entry, current)).OfType<DocumentVersion>()];

    // What was read goes into the history as well if this program has not written it, unless that would keep a secret.
    private List<KeyOperation.Put> Entries(
        string name,
        byte[] text,
        DocumentText? read,
        KeyUpdate.Full history,
        string by,
        DateTimeOffset at
    )
    {
        var entries = new List<KeyOperation.Put>();
        if (
            read is not null
            && !Versions(history, read.Revision).Exists(static version => version.IsCurrent)
            && HasNoSecret(name, read.Bytes)
        )
        {
            entries.Add(new(Entry(name, read.Revision), DocumentVersion.Write(read.Bytes, null, null, read.Revision), 0));
        }

        entries.Add(new(Entry(name, history.Revision + 1), DocumentVersion.Write(text, by, at, null), 0));
        return entries;
    }

    // A text that cannot be read may have one.
    private static bool HasNoSecret(string name, byte[] text) =>
        JsonFileParser.Parse(text, DocumentName.Layer(name), out _) is { } content
        && !SharedRules.Secrets(content, DocumentName.Layer(name)).Any();

    // In the order of names, which is that of revisions. Those that are written now stay.
    private static IEnumerable<KeyOperation.Remove> Surplus(IReadOnlyList<StoredKey> entries, List<KeyOperation.Put> written)
    {
        var count = entries.Count + written.Count;
        var bytes = entries.Sum(static entry => (long)entry.Value.Length) + written.Sum(static entry => (long)entry.Value.Length);
        foreach (var entry in entries.TakeWhile(entry => count > MaxVersions || bytes > MaxHistory).Take(MaxVersions))
        {
            count--;
            bytes -= entry.Value.Length;
            yield return new(entry.Key);
        }
    }

    private string Entry(string name, long revision) => keys.History(name) + revision.ToString("D19", CultureInfo.InvariantCulture);

    private Task<KeyUpdate.Full> ListAsync(string name, CancellationToken cancellationToken) =>
        CallAsync(
            () => store.ListAsync(keys.History(name), cancellationToken),
            $"The history of {DocumentName.Layer(name)} cannot be read"
        );

    private async Task<DocumentException> ConflictAsync(string name, DocumentText? read, CancellationToken cancellationToken)
    {
        var now = await GetAsync(name, cancellationToken);
        var layer = DocumentName.Layer(name);
        return new DocumentException(
            (read, now) switch
            {
                (null, { } other) => $"{layer} did not exist when it was read, and was written meanwhile in revision {other.Revision}",
                ({ } known, null) => $"{layer} was read in revision {known.Revision}, and was removed meanwhile",
                var (known, other) =>
                    $"{layer} was read in revision {known?.Revision}, and was edited meanwhile in revision {other?.Revision}",
            } + $"; nothing is written. See 'proxy config diff {name} FILE', and put it again.",
            isInput: true
        );
    }

    private static async Task<T> CallAsync<T>(Func<Task<T>> call, string what, string unknown = "")
    {
        try
        {
            return await call();
        }
        catch (EngineException exception)
        {
            var message = $"{what}: {exception.Message}";
            throw new DocumentException(
                exception.MayHaveHappened && unknown.Length > 0 ? $"{message} {unknown}" : message,
                isInput: false,
                exception
            );
        }
        catch (OperationCanceledException exception) when (unknown.Length > 0)
        {
            throw new DocumentException($"{what}: The command was interrupted. {unknown}", isInput: false, exception);
        }
    }
}
