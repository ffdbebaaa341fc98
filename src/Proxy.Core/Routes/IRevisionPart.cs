namespace Proxy.Routes;

/// <summary>What a revision that does not run yet changes outside of its pipelines.</summary>
internal interface IRevisionPart
{
    /// <summary>Called when the revision runs, to update what survives edits. Called once, and not after <see cref="GiveUp"/>.</summary>
    void Commit();

    /// <summary>Called when the revision is not going to run, to release what was built.</summary>
    void GiveUp();
}
